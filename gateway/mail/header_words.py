"""The words with which mail programs open what they quote or pass on, in forty languages; all in lower case.

`NAMES` are those of a copied header block, a row a language and meaning: language, meaning, names. The others
are what stands between dashes ("Original Message") or alone ("Begin forwarded message:").
"""

NAMES = """
    en from    from, sender, sent by
    en date    sent, date, sent on, sent at, date sent
    en to      to, recipient, sent to
    en subject subject, re
    de from    von, absender
    de date    gesendet, datum, gesendet am, verschickt, gesendet um
    de to      an, empfänger
    de subject betreff, betr
    fr from    de, expéditeur, from
    fr date    envoyé, date, envoyé le, date d'envoi, date d’envoi, envoyé à, message du
    fr to      à, a, pour, destinataire
    fr subject objet, sujet
    es from    de, remitente
    es date    enviado, enviado el, enviada el, fecha, enviado en, fecha de envío
    es to      para, a, destinatario
    es subject asunto
    it from    da, mittente
    it date    inviato, data, inviato il, data invio
    it to      a, per, destinatario
    it subject oggetto, ogg
    pt from    de, remetente
    pt date    enviado, enviada, enviado em, enviada em, data, enviado a, enviado às
    pt to      para, destinatário
    pt subject assunto
    nl from    van, afzender
    nl date    verzonden, datum, verstuurd, verzonden op
    nl to      aan, ontvanger
    nl subject onderwerp, betreft
    sv from    från, avsändare
    sv date    skickat, datum, skickades
    sv to      till, mottagare
    sv subject ämne, angående
    da from    fra, afsender
    da date    sendt, dato
    da to      til, modtager
    da subject emne
    no from    fra, avsender
    no date    sendt, dato
    no to      til, mottaker
    no subject emne
    fi from    lähettäjä
    fi date    lähetetty, päivämäärä, päiväys, päivä
    fi to      vastaanottaja, saaja, kenelle
    fi subject aihe, asia
    is from    frá
    is date    sent, dagsetning
    is to      til
    is subject efni
    pl from    od, nadawca, from
    pl date    wysłano, data, data wysłania, wysłane
    pl to      do, adresat, odbiorca
    pl subject temat
    cs from    od, odesílatel
    cs date    odesláno, datum
    cs to      komu, pro
    cs subject předmět
    sk from    od, odosielateľ
    sk date    odoslané, dátum
    sk to      komu, pre
    sk subject predmet
    hu from    feladó, from, küldő
    hu date    elküldve, dátum, küldve, küldés dátuma, küldés ideje
    hu to      címzett, kapja
    hu subject tárgy
    ro from    de la, expeditor, de
    ro date    trimis, data, trimis la, data trimiterii, dată
    ro to      către, catre, la, pentru, destinatar
    ro subject subiect
    bg from    от, подател
    bg date    изпратено, дата, изпратен, изпратено на
    bg to      до, получател
    bg subject относно, тема, предмет
    ru from    от, от кого, отправитель
    ru date    отправлено, дата, дата отправки, дата и время
    ru to      кому, получатель
    ru subject тема
    uk from    від, від кого, відправник
    uk date    надіслано, дата, відправлено
    uk to      кому, одержувач
    uk subject тема
    el from    από, αποστολέας
    el date    στάλθηκε, ημερομηνία, αποστολή, εστάλη, απεστάλη, ημ/νία
    el to      προς, παραλήπτης
    el subject θέμα
    tr from    kimden, gönderen, kimden gönderildi
    tr date    gönderildi, tarih, gönderme tarihi, gönderilme tarihi, gönderim tarihi
    tr to      kime, alıcı, kime gönderildi
    tr subject konu
    hr from    od, šalje, pošiljatelj
    hr date    poslano, datum, poslato
    hr to      za, prima, kome, primatelj
    hr subject predmet, naslov, tema
    sl from    od, pošiljatelj
    sl date    poslano, datum
    sl to      za, prejemnik
    sl subject zadeva
    sr from    од, шаље, пошиљалац
    sr date    послато, датум
    sr to      за, прима, коме
    sr subject наслов, тема, предмет
    lt from    nuo, siuntėjas
    lt date    išsiųsta, data, išsiuntimo data
    lt to      kam, gavėjas, iki
    lt subject tema
    lv from    no, sūtītājs
    lv date    nosūtīts, datums, sūtīts
    lv to      kam, adresāts, līdz
    lv subject temats, tēma
    et from    saatja, kellelt
    et date    saadetud, kuupäev, saatmisaeg
    et to      adressaat, kellele, saaja
    et subject teema
    ca from    de
    ca date    enviat, data, enviat el
    ca to      per a, per, a, destinatari
    ca subject assumpte, tema
    ja from    差出人, 送信者, from, 送信元
    ja date    送信日時, 日付, 日時, 送信日, date
    ja to      宛先, to, 受信者
    ja subject 件名, subject, 題名
    zh from    发件人, 寄件者, 寄件人, 發件人, from
    zh date    发送时间, 日期, 寄件日期, 傳送時間, 發送時間, 已发送, 寄件時間, 时间, 时 间
    zh date    date, 发送日期, 傳送日期
    zh to      收件人, 收件者, to
    zh subject 主题, 主旨, 主題, 标题, subject, 主 题
    ko from    보낸 사람, 보낸사람, 발신, 발신인, 보낸이, from
    ko date    보낸 날짜, 날짜, 보낸 시간, 보낸날짜, 보낸 시각, sent, date
    ko to      받는 사람, 받는사람, 수신, 받는이, to
    ko subject 제목, subject
    he from    מאת
    he date    נשלח, תאריך, נשלח ב
    he to      אל, נמען
    he subject נושא
    ar from    من, المرسل
    ar date    تم الإرسال, أرسلت, التاريخ, تاريخ, أُرسلت, تاريخ الإرسال
    ar to      إلى, المستلم
    ar subject الموضوع, موضوع
    fa from    از
    fa date    تاریخ, ارسال شده
    fa to      به
    fa subject موضوع
    vi from    từ, người gửi
    vi date    đã gửi, ngày, ngày gửi, gửi
    vi to      đến, tới, người nhận
    vi subject chủ đề, tiêu đề
    id from    dari, pengirim
    id date    dikirim, tanggal, terkirim
    id to      kepada, untuk, ke
    id subject perihal, subjek, judul
    th from    จาก
    th date    ส่งเมื่อ, วันที่, ส่ง, ส่งแล้ว
    th to      ถึง
    th subject เรื่อง, หัวเรื่อง, หัวข้อ
"""

# Of the names for the date those that mean any date; the others say "sent", and only of mail.
ANY_DATE = """
    date, datum, data, fecha, dato, dátum, dagsetning, päivämäärä, päiväys, päivä, dată, дата, ημερομηνία,
    tarih, kuupäev, datums, 日付, 日時, date, 日期, 时间, 时 间, 날짜, תאריך, التاريخ, تاريخ, تاریخ, ngày,
    tanggal, วันที่
"""

# Part of a block, never the sign of one: copies, attachments, importance.
OTHER_NAMES = """
    cc, cci, kopie, kopi, kopia, copie à, copie, copia, kópia, másolatot kap, másolat, dw, udw,
    do wiadomości, в копии, копия, копія, копие, κοιν, κοινοποίηση, bilgi, bcc, blindkopie, 抄送, 副本,
    cc:, ccn, cco, ccb, 참조, עותק, نسخة, skrytá kopie, sb, tembusan, importance, wichtigkeit, priority,
    priorität, attachments, anlagen, anhänge, pièces jointes, allegati, adjuntos, anexos, bijlagen,
    reply-to, antwort an, répondre à, rispondi a, responder a, organization, organisation, message-id,
    x-mailer, 重要性, 附件, 添付ファイル, priorité, importancia, importanza, urgentie, beantwoorden,
    thread-topic, kopija, koopia, cópia, categories, sensitivity, in-reply-to, references, mailed-by,
    signed-by, list-id
"""

ORIGINAL = """
    original message, original mail, original email, original e-mail, original appointment,
    reply message, original, ursprüngliche nachricht, originalnachricht, original-nachricht,
    ursprüngliche mail, ursprüngliche mitteilung, ursprüngliche e-mail, originalmail, originalmeldung,
    antwortnachricht, antwort nachricht, message d'origine, message d’origine, message original,
    mail original, e-mail d'origine, message initial, mensaje original, correo original, mensaje de respuesta,
    messaggio originale, messaggio di risposta, mensagem original, e-mail original,
    oorspronkelijk bericht, origineel bericht, oorspronkelijke bericht, oorspronkelijke e-mail,
    ursprungligt meddelande, originalmeddelande, ursprungligt mail, oprindelig meddelelse,
    original meddelelse, oprindelig besked, opprinnelig melding, original melding, alkuperäinen viesti,
    wiadomość oryginalna, oryginalna wiadomość, treść oryginalnej wiadomości, původní zpráva,
    původní e-mail, původní email, pôvodná správa, pôvodný e-mail, eredeti üzenet, mesaj original,
    mesajul original, mesajul iniţial, оригинално писмо, оригинално съобщение, исходное сообщение,
    пересылаемое сообщение, оригинальное сообщение, исходное письмо, вихідне повідомлення,
    оригінальне повідомлення, αρχικό μήνυμα, orijinal mesaj, özgün ileti, orjinal mesaj, orijinal ileti,
    izvorna poruka, originalna poruka, izvirno sporočilo, originalno sporočilo, originalas laiškas,
    pradinis laiškas, sākotnējais ziņojums, oriģinālā ziņa, algne kiri, algsõnum, missatge original,
    元のメッセージ, 元のメール, 原始邮件, 原邮件, 原始郵件, 原始信件, 원본 메시지, 원본 메일,
    원본메시지, הודעה מקורית, الرسالة الأصلية, الرسالة الاصلية, thư gốc, tin nhắn gốc, pesan asli,
    ข้อความต้นฉบับ, پیام اصلی, upprunaleg skilaboð, 回复的原邮件
"""

FORWARDED = """
    forwarded message, begin forwarded message, forwarded by, forwarded mail,
    start of forwarded message, weitergeleitete nachricht, anfang der weitergeleiteten nachricht,
    weitergeleitet von, weitergeleitete mail, message transféré, début du message transféré,
    début du message réexpédié, message réexpédié, mensaje reenviado, inicio del mensaje reenviado,
    messaggio inoltrato, inizio messaggio inoltrato, mensagem encaminhada, mensagem reencaminhada,
    início da mensagem encaminhada, início da mensagem reencaminhada, doorgestuurd bericht,
    begin doorgestuurd bericht, vidarebefordrat meddelande, vidarebefordrat brev,
    videresendt meddelelse, videresendt besked, start på videresendt besked, videresendt melding,
    videresendt e-post, välitetty viesti, edelleenlähetetty viesti, välitetty viesti alkaa,
    wiadomość przekazana dalej, przekazana wiadomość, początek przekazywanej wiadomości,
    treść przekazanej wiadomości, přeposlaná zpráva, předaná zpráva, preposlaná správa,
    továbbított üzenet, továbbított levél, mesaj redirecționat, препратено съобщение,
    пересланное сообщение, пересылаемое сообщение, начало переадресованного сообщения,
    начало пересылаемого сообщения, переслане повідомлення, προωθημένο μήνυμα, yönlendirilmiş ileti,
    iletilen mesaj, iletilmiş mesaj, proslijeđena poruka, posredovano sporočilo, persiųstas laiškas,
    pārsūtīts ziņojums, edastatud kiri, missatge reenviat, 転送メッセージ, 転送されたメール, 转发的邮件,
    转发邮件, 轉寄郵件, 转发邮件信息, 以下是转发的邮件, 전달된 메시지, 전달된 메일, הודעה שהועברה,
    الرسالة المعاد توجيهها, thư được chuyển tiếp, pesan terusan, ข้อความที่ส่งต่อ
"""
