"""What customers ask about their orders, recognised in their own words."""

from gateway.mail.pattern import Pattern, compile_pattern


def _any(*phrases: str) -> Pattern:
    return compile_pattern(rf"\b(?:{'|'.join(phrases)})", ignore_case=True)


_THING = r"(?:my|the|our) (?:order|parcel|package|delivery|shipment|mugs?|things?)"
_STATUS = _any(
    rf"where(?:'s|’s| is| are) {_THING}",
    rf"when (?:will|does|do|is|can) .{{0,30}}(?:{_THING}|it|they) .{{0,20}}(?:arrive|come|ship|be delivered)",
    r"(?:order|delivery|shipping) status",
    r"status of (?:my|the|our) (?:order|parcel|package|delivery|shipment)",
    rf"(?:has|have) {_THING} .{{0,20}}(?:shipped|been shipped|left|been sent)",
    r"(?:not|n't|n’t|never) (?:yet )?(?:received|arrived|gotten|got).{0,40}(?:order|parcel|package|delivery)",
    rf"{_THING} (?:has not|hasn't|hasn’t|did not|didn't) .{{0,10}}(?:arrived?|come)",
    r"track(?:ing)? (?:my|the|our) (?:order|parcel|package)",
    r"any news (?:about|of|on) (?:my|the|our) (?:order|parcel|package)",
    r"wo (?:ist|bleibt|steckt) (?:meine?|die|das) (?:bestellung|paket|lieferung)",
    r"wann (?:kommt|wird|trifft) .{0,30}(?:bestellung|paket|lieferung|ware)",
    r"où (?:est|en est) ma (?:commande|livraison)|où est mon colis",
    r"d[óo]nde est[áa] mi (?:pedido|paquete)",
    r"dov'è il mio (?:ordine|pacco)",
    r"waar (?:is|blijft) mijn (?:bestelling|pakket)",
    r"onde est[áa] (?:a minha encomenda|o meu pedido|meu pedido)",
)
_CANCEL = _any(
    r"cancel(?:l(?:ed|ing)?)? (?:my|the|this|our|that) order",
    r"(?:please|want to|would like to|like to|need to|can you|could you) cancel",
    r"storniere?n?|widerrufe?n?",
    r"annuler (?:ma|la|cette) commande",
    r"cancelar (?:mi|el|este|a minha|o meu) (?:pedido|encomenda)",
    r"annullare (?:il|l'|questo) (?:mio )?ordine",
    r"bestelling annuleren",
)


def asks_for_status(words: str) -> bool:
    """Whether somebody asks where an order is."""
    return _STATUS.search(words) is not None


def asks_to_cancel(words: str) -> bool:
    """Whether somebody wants an order cancelled."""
    return _CANCEL.search(words) is not None
