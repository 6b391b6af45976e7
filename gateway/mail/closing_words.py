"""What programs, providers and legal departments put below people's words, in many tongues; lower case."""

# "Sent from" and a device or program; "sent with" and a program only: parcels are sent with DHL.
SENT_FROM = """
    sent from, gesendet von, gesendet vom, gesendet aus, envoyé de, envoyé depuis, envoyé à partir,
    envoyé du, enviado desde, enviado de, enviado do, enviada do, enviado a partir, inviato da,
    inviato dal, inviata da, verzonden vanaf, verzonden van, verzonden uit, verstuurd vanaf,
    skickat från, skickades från, sendt fra, lähetetty, wysłane z, wysłano z, odesláno z,
    odesláno ze, odesláno mobilně, odoslané z, odoslané zo, trimis de pe, trimis din, изпратено от,
    отправлено с, отправлено из, отправлено от, надіслано з, відправлено з, στάλθηκε από,
    εστάλη από, απεστάλη από, poslano s, poslano sa, poslano iz, poslano z, poslato sa, послато са,
    išsiųsta iš, nosūtīts no, sūtīts no, saadetud, 发自, 發自, 来自我的, נשלח מ, أرسلت من,
    أُرسلت من, تم الإرسال من, được gửi từ, gửi từ, dikirim dari, terkirim dari, đã gửi từ, ส่งจาก, enviat des,
    elküldve a, elküldve az, provenance :,
    sent úr, sendt frá
"""
SENT_WITH = """
    sent with, sent via, sent using, gesendet mit, gesendet über, gesendet via, verschickt mit,
    envoyé avec, envoyé via, envoyé par, enviado con, enviado por, enviado mediante, enviado via,
    enviado pelo, inviato con, inviato tramite, verzonden met, verzonden via, verstuurd met,
    skickat med, sendt med, wysłano za, отправлено через, get outlook, télécharger outlook,
    obtenir outlook, obtenez outlook, obtener outlook, obter o outlook, obter outlook,
    scarica outlook, ottieni outlook, download outlook, outlook downloaden, hämta outlook,
    hent outlook, last ned outlook, hanki outlook, pobierz outlook, získat outlook,
    загрузить outlook, 获取 outlook, 取得 outlook, holen sie sich outlook, получить outlook,
    pobierz program outlook, отримати outlook, obțineți outlook, stiahnuť outlook, get bluemail,
    get typeapp, sent securely with, sent securely from, отправлено с помощью
"""
# Tongues that part the words: beginning and end, with the device between.
SENT_AROUND = """
    von | gesendet, vom | gesendet, mit | gesendet, aus | gesendet, per | gesendet, über | gesendet,
    von | verschickt, von | geschrieben, von | verfasst, diese nachricht wurde | gesendet,
    diese e-mail wurde | gesendet, diese mail wurde | gesendet, diese nachricht wurde | verschickt,
    diese nachricht wurde | verfasst, 從 | 傳送, 從 | 寄出, 从 | 发送, 通过 | 发送,
    outlook für | beziehen, outlook für | herunterladen, outlook voor | downloaden,
    von unterwegs | gesendet, az | küldve, outlook for | 入手, android 版 outlook | 入手する,
    ios 版 outlook | 入手する, android için outlook | edinin, ios için outlook | edinin,
    android için outlook | alın, ios için outlook | alın, android용 outlook | 다운로드,
    ios용 outlook | 다운로드, az outlook | beszerzése
"""
# Tongues whose verb stands last: the device begins the line.
SENT_LAST = """
    gönderildi, から送信, より送信, 에서 보냄, 에서 보낸 메일, 에서 전송, 에서 발송, küldve,
    küldött üzenet
"""
DEVICES = """
    unterwegs, iphone, iphon, ipad, ipod, ios, android, samsung, galaxy, huawei, honor, xiaomi,
    redmi, oneplus, oppo, pixel, nokia, lumia, windows, blackberry, htc, sony, xperia, motorola,
    mobil, mobile, phone, tablet, handy, handset, telefon, telefoon, téléphone, teléfono, telefono,
    móvil, cellulare, celular, smartphone, smart, wireless, мобил, мобіл, мобилн, телефон, κινητό,
    手机, 手機, 携帯, スマートフォン, スマホ, 휴대, gerät, device, appareil, dispositivo, apparaat,
    enhet, enhed, laite, urządzeni, zařízení, puhelime, mac, tel
"""
PROGRAMS = """
    iphone, ipad, android, outlook, yahoo, gmail, gmx, web.de, t-online, proton, spark, k-9, k9,
    bluemail, aquamail, zoho, fairemail, tutanota, tuta, mailbird, thunderbird, superhuman, spike,
    canary, edison, airmail, icloud, mailspring, aol, verizon, at&t, vodafone, libero, tiscali,
    laposte, sfr, bouygues, seznam, mail.ru, яндекс, yandex, mymail, my mail, posteo, mail app,
    e-mail app, mail for, mail für, mail voor, mail per, courrier pour, correo para, posta per, hey,
    mozilla, 네이버, 다음, aplikacji poczta, vivaldi, em client, emclient, typeapp, mailtrack, mail,
    email, e-mail, почт, poczt
"""
# Lines that are advertising as a whole; within a longer one the words may be anybody's.
SENT_WHOLE = """
    sent via front, sent with front, sent from front, sent via shortwave, sent with shortwave,
    sent from shortwave, sent via missive, sent with missive, sent from missive, sent with mixmax,
    sent via mixmax, sent with hiver, sent via help scout
"""
# "Please excuse my brevity", on the same line or the next.
EXCUSES = """
    excuse, forgive, pardon, entschuldig, verzeih, disculp, perdon, scusa, excuus, sorry
"""

# Paragraphs that advertise a provider, a scanner or the environment.
FOOTERS = """
    virus-free. www, virus-free.www, virenfrei. www, sans virus. www, libre de virus. www,
    privo di virus. www, livre de vírus. www, virusvrij. www, avast antivirus, avast.com,
    checked for viruses by, checked by avg, auf viren geprüft, scanned for viruses,
    this email has been scanned, this e-mail has been scanned, this message has been scanned,
    vérifié par avast, vérifié par l'antivirus,
    do you yahoo!?, yahoo mail: search, get your free email, get your free e-mail, gmx freemail,
    web.de freemail, free email account, join the world's most popular,
    you received this message because you are subscribed, to unsubscribe from this group,
    sie erhalten diese nachricht, weil sie, vous recevez ce message car,
    view it on github, you are receiving this because
"""
# Of the environment people speak too; offices ask not to print.
ENVIRONMENT = """
    environment, umwelt, environnement, medio ambiente, meio ambiente, ambiente, milieu, miljö, miljø,
    ympäristö, środowisk, životní prostředí, think before you print
"""
PRINTING = """
    print, druck, imprim, stampa, afdruk, skriv ut, skriver ut, udskriv, tulost, druku, vytisk, tisk
"""
# Below a ruled line one of the first is enough, if it says another of them or of the second too.
FOOTERS_BELOW_A_RULE = """
    mailing list, hotmail, windows live, msn, yahoo, listinfo, unsubscribe, subscribe, archive
"""
OFFERED = """
    free, kostenlos, gratis, gratuit, ://, www., mailto:
"""

LEGAL_HEADINGS = """
    disclaimer, confidentiality notice, confidentiality note, confidentiality:,
    confidentiality statement, legal notice, legal disclaimer, important notice,
    privileged and confidential, haftungsausschluss, vertraulichkeitshinweis, rechtlicher hinweis,
    wichtiger hinweis, avis de confidentialité, avertissement, clause de confidentialité,
    aviso legal, aviso de confidencialidad, aviso de confidencialidade, nota de confidencialidad,
    avviso di riservatezza, avvertenza, nota di riservatezza, informativa privacy,
    vertrouwelijkheidsverklaring, klauzula poufności, caution:, this email and any,
    this e-mail and any, this message and any, diese e-mail enthält, ce message et, este mensaje y,
    este correo electrónico, le informazioni contenute, dit bericht, dit e-mailbericht,
    this message contains, this email is confidential, this e-mail is confidential,
    the information contained in, the contents of this, the information in this, esta mensagem,
    ce courriel, ce courrier électronique, questo messaggio, questa e-mail, denna e-post,
    denne e-mail, denne e-posten, tämä sähköposti, wiadomość ta, ta wiadomość, tato zpráva,
    данное сообщение, настоящее сообщение, это сообщение, the content of this
"""
# A notice says of the message that it is secret, or whose it is; the other words are also those of somebody
# who writes that an order was placed in error and may be deleted.
LEGAL_CORE = """
    confidential, privileged, intended recipient, intended solely, intended only, intended for the,
    not the addressee, named addressee, addressee only, addressees, addressee(s), disclosure,
    views expressed, vertraulich, adressat, nicht der richtige,
    beabsichtigte, vorgesehene, rechtlich geschützt, confidentiel, destinataire, divulgation,
    confidencial, destinatario, divulgación, protección de datos, riservat, destinatari, destinatário,
    vertrouwelijk, geadresseerde, konfidentiell, mottagare, fortrolig, modtager, luottamuksellin,
    poufn, adresat, důvěrn, adresát, конфиденциальн, адресат
"""
LEGAL = """
    received this, in error, unauthorised, unauthorized, prohibited, delete, notify, destroy, copying,
    viruses, irrtümlich, unbefugt, unerlaubt, vernichten, löschen, weitergabe, nicht gestattet,
    par erreur, interdit, détruire, por error, prohibid, per errore, vietat, gdpr, distrugg,
    por engano, proibid, abusievelijk, ten onrechte, niet toegestaan, av misstag, ved en fejl,
    omyłk, omylem, по ошибке
"""
MESSAGE = """
    mail, message, communication, transmission, information contained, nachricht, e-post, mensaje, correo,
    mensagem, messaggio, comunicazione, informazioni contenute, bericht, meddelande, meddelelse,
    melding, viesti, wiadomoś, zpráv, správ, сообщени, письм, üzenet, levél, mesaj, courriel
"""

# Words that announce an address or a number: then it is the answer, wherever it stands.
ANNOUNCED = """
    address, phone number, telephone number, my number, contact details, call me, ring me, phone me, reach me,
    adresse, anschrift, telefonnummer, handynummer, rufnummer, meine nummer, kontaktdaten, rufen sie,
    anrufen, erreichen, coordonnées, numéro de téléphone, mon numéro, appelez, rappelez, joindre,
    dirección, número de teléfono, mi número, datos de contacto, llám, indirizzo, recapit,
    numero di telefono, mio numero, chiam, endereço, morada, número de telefone, meu número, adres,
    telefoonnummer, mijn nummer, bel me, osoite, puhelinnumero, numer telefonu, telefonní číslo, címem,
    telefonszám, адрес, номер телефона, διεύθυνση, 住所, 地址, 주소
"""

# "Kind regards": what somebody wrote; a name may follow, and then the lines of an office.
FAREWELLS = """
    regards, kind regards, best regards, warm regards, with regards, best, best wishes,
    all the best, cheers, thanks, thank you, many thanks, thanks and regards, thanks & regards,
    sincerely, yours sincerely, yours faithfully, yours, kindest regards, warmest regards, rgds, br,
    kr, mit freundlichen grüßen, mit freundlichen grüssen, mit freundlichem gruß, freundliche grüße,
    freundliche grüsse, viele grüße, viele grüsse, beste grüße, beste grüsse, liebe grüße,
    liebe grüsse, schöne grüße, herzliche grüße, herzliche grüsse, grüße, gruß, gruss, mfg, lg, vg,
    hochachtungsvoll, danke, vielen dank, besten dank, cordialement, bien cordialement, bien à vous,
    sincères salutations, meilleures salutations, salutations distinguées, amicalement, merci,
    bonne journée, cdlt, saludos, un saludo, saludos cordiales, cordialmente, atentamente,
    un cordial saludo, gracias, muchas gracias, abrazos, cordiali saluti, distinti saluti, saluti,
    un saluto, un cordiale saluto, grazie, atenciosamente, cumprimentos,
    com os melhores cumprimentos, abraços, obrigado, obrigada, met vriendelijke groet,
    met vriendelijke groeten, vriendelijke groet, vriendelijke groeten, groeten, groetjes,
    hartelijke groet, mvg, bedankt, dank u, med vänliga hälsningar, vänliga hälsningar, hälsningar,
    mvh, tack, med venlig hilsen, venlig hilsen, hilsen, vennlig hilsen, med vennlig hilsen, takk,
    tak, ystävällisin terveisin, terveisin, kiitos, pozdrawiam, z poważaniem, dziękuję, s pozdravem,
    děkuji, s přátelským pozdravem, s pozdravom, ďakujem, üdvözlettel, tisztelettel, köszönöm,
    cu stimă, mulțumesc, с уважением, поздрави, спасибо, з повагою, με εκτίμηση, saygılarımla,
    iyi çalışmalar, teşekkürler, s poštovanjem, lep pozdrav, lugupidamisega, pagarbiai, ar cieņu
"""
# A line of a register entry: who runs the company, and where it is entered.
COMPANY = """
    geschäftsführer, geschäftsführung, amtsgericht, handelsregister, hrb, hra, ust-id, ust-idnr,
    ust.-id, steuernummer, registergericht, sitz der gesellschaft, sitz:, vorstand, aufsichtsrat,
    registered in, registered office, registered no, company number, company no, company reg,
    vat no, vat number, vat reg, vat:, siret, siren, rcs, tva, capital de, cif, nif,
    registro mercantil, p.iva, p. iva, partita iva, reg. imprese, cap. soc, kvk, btw, org.nr,
    org nr, cvr, regon, nip:, krs, ičo, dič, cégjegyzék, adószám
"""

# What a mail provider puts above somebody's words: a warning for whoever reads them.
BANNERS = """
    you don't often get email from,
    some people who received this message don't often get email from,
    this email originated from outside, this e-mail originated from outside,
    this message originated from outside, this message was sent from outside,
    sie erhalten nicht häufig e-mails von, sie erhalten nicht oft e-mails von,
    vous n'obtenez pas souvent d'e-mail, vous ne recevez pas souvent d'e-mail,
    no suele recibir correo, non si ricevono spesso messaggi, u ontvangt niet vaak e-mail,
    diese e-mail kommt von außerhalb, diese e-mail stammt von einem externen,
    cet e-mail provient de l'extérieur
"""
