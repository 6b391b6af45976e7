"""What tells a program's "I am away" from a person's; alternatives of patterns over thirty languages."""

# A subject of which these are part names a program, not a person: "Automatic reply: your order".
AUTOMATIC = """
    auto-?, automat, ooo, vacation reply, vacation message, out of office autoreply, автом, автов,
    αυτόματ, 自動, 自动, 자동, אוטומטי, تلقائي, الآلي, آلية, tự động, อัตโนมัติ, samodejn, otomat, aut[oò]m,
    avtom, аутом, sjálfvirk, स्वचालित, オートリプライ, abwesenheits(?:notiz|nachricht|meldung),
    (?:message|notification) d.absence, aviso de ausência, afwezigheidsbericht, frånvaromeddelande,
    lomavastaaja, fraværs(?:melding|meddelelse|besked|assistent), poissaolo(?:ilmoitus|viesti), 不在通知
"""

# What people write to a shop about: whatever its subject, a mail that asks for one of these is a person's.
TRADE = """
    deliver, parcel, package, courier, ship, pick ?up, send (?:it|the|my|them), hold (?:it|the|my),
    invoice, liefer, paket, zustell, schicken, abhol, rechnung, livr, colis, expédi, envoye[rz], entreg,
    env[ií](?:e|a|o)\\b, envi(?:en|ar|em|e), pedido, paquete, consegn, spedi, pacco, encomenda, lever,
    pakket, bezorg, stuur, skicka, pakke, lähettä, toimitt, wysł, wyśl, dostaw, dostarcz, paczk, doruč,
    pošl, zásil, zásiel, balík, szállít, küldj, csomag, livra, trimite, colet, достав, отправьте,
    пришлите, привез, посыл, надішл, gönder, teslim, kargo, παραδ, στείλ, δέμα, 発送, 配達, 届け,
    荷物, 受け取, 发货, 送货, 快递, 包裹, 寄, 배송, 택배, 보내 ?주, משלוח, שלח, شحن, توصيل, طرد, أرسل
"""

# What the absent say to whoever writes to them, and customers hardly to a shop.
CORRESPONDENCE = """
    repl(?:y|ies), respon[ds], answer, urgent, emergenc, e-?mail, message, assist, antwort, nachricht,
    dringend, vertret, répon, urgence, courriel, contest, urgen, correo, mensaje, mensagem, rispo,
    messaggi, spoed, bericht, brådsk, akut, meddelande, haster, hastesak, besked, kiireell, viesti,
    piln, wiadomoś, odpowi, odpov, naléhav, súrn, zpráv, správ, sürgős, válasz, üzenet, răspun, mesaj,
    срочн, ответ, письм, сообщен, термінов, відпові, лист, acil, yanıt, cevap, επείγ, απαντ, μήνυμα, 緊急,
    至急, お急ぎ, 返信, メール, 紧急, 急事, 回复, 回覆, 邮件, 郵件, 긴급, 급한, 회신, 답장, 메일,
    דחופ, אענה, הודע,
    عاجل, الرد, رسالة,
    hitn, mendesak, khẩn, ด่วน
"""

# What such a line calls itself if it is an answer, and no notice.
ANSWER = """
    repl(?:y|ies), respon[sd], antwort, antwoord, répon, respuesta, rispost, resposta, svar, vastaus,
    odpowied, odpov, válasz, răspuns, ответ, відповід, yanıt, cevap, 返信, 応答, 回复, 回覆, 회신, 응답
"""

# "This is an automatic reply": whoever says so of the mail at hand is a program, whatever the subject.
DECLARES = r"""
    this is an? (?:auto|automat(?:ic|ed)|automatically generated)[ -]?(?:e-?mail )?(?:reply|respon[sd]),
    (?:dies|das|hier)(?: hier)? ist eine automatische (?:antwort|e-?mail|nachricht|abwesenheit),
    (?:dies|das|hier)(?: hier)? ist eine automatisch (?:er\pL+|ge\pL+|ver\pL+) (?:antwort|e-?mail|nachricht),
    ceci est (?:une réponse|un message) automatique,
    (?:esta|este) es una? (?:respuesta|mensaje) automátic, questa è una risposta automatica,
    (?:questo|il presente) (?:è un )?messaggio (?:è (?:stato )?generato )?automatic,
    (?:esta|este) é uma? (?:resposta|mensagem) automátic,
    dit is een automatisch (?:antwoord|bericht|gegenereerd),
    det(?:ta|te) (?:är|er) (?:ett|et) (?:automatiskt?|autosvar), tämä on automaattinen,
    (?:to jest|jest to) (?:automatyczna|automatycznie), (?:toto|tohle) je automatick,
    ez egy automatikus, acesta este un (?:răspuns|mesaj) automat, это автоматическ, це автоматичн,
    bu (?:bir )?otomatik, このメールは自動, これは自動, 这是(?:一封)?自动, 此为自动, 這是自動,
    이 메일은 자동
"""
