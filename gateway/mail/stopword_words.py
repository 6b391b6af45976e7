"""The words by which a person says "stop writing to me", in 37 languages; parted by semicolons.

Words that end an *order* as well (cancel, annuler, stornieren) are left out on purpose, and so are those that
mean an end of anything ("koniec", "quit").
"""

from collections.abc import Mapping

WORDS: Mapping[str, str] = {
    "en": """
        stop; stop all; stopall; please stop; stop it; stop please; stop emailing me;
        stop e-mailing me; stop mailing me; stop emails; stop these emails; stop sending me emails;
        stop sending me mail; stop sending emails; please stop emailing me;
        please stop sending me emails; unsubscribe; un-subscribe; unsub; unsubscribe me;
        unsubscribe please; unsubscribe me please; please unsubscribe; please unsubscribe me;
        please unsubscribe me from this list; please unsubscribe me from your list;
        please unsubscribe me from your mailing list; unsubscribe me from this list;
        unsubscribe from this list; i want to unsubscribe; i would like to unsubscribe; remove;
        remove me; remove me please; please remove; please remove me; remove me from your list;
        remove me from this list; please remove me from your list; please remove me from this list;
        please remove me from your mailing list; take me off your list; take me off this list;
        please take me off your list; opt out; opt-out; optout; no more emails; no more e-mails;
        no more mail; no more emails please; do not email me; do not contact me; don't email me;
        don't email me again; please remove me from the list; remove me from your mailing list;
        remove me from this mailing list; remove me from your newsletter;
        please remove me from your database; remove me from all lists;
        take me off your mailing list; please take me off this list;
        please take me off your mailing list; unsubscribe me from your list;
        unsubscribe me from your newsletter; unsubscribe me from all emails; unsubscribe from all;
        unsubscribe all; unsubscribe newsletter; unsubscribe from newsletter;
        please unsubscribe me from your newsletter; please unsubscribe me from all emails;
        please unsubscribe me from this mailing list; i wish to unsubscribe;
        i want to unsubscribe from your newsletter;
        i would like to unsubscribe from your newsletter; i'd like to unsubscribe;
        i no longer wish to receive these emails; i no longer wish to receive your emails;
        i no longer want to receive emails from you; i do not wish to receive any more emails;
        i don't want to receive any more emails; i don't want these emails;
        stop sending me these emails; please stop sending me these emails;
        please stop sending me your newsletter; stop sending me your newsletter;
        stop the newsletter; stop newsletter; please stop these emails; no more newsletters;
        no newsletter; no more emails from you; opt me out; please opt me out; arret
    """,
    "de": """
        stopp; abmelden; abmeldung; bitte abmelden; abmelden bitte; newsletter abmelden;
        newsletter abbestellen; abbestellen; bitte abbestellen; austragen; bitte austragen;
        bitte melden sie mich ab; melden sie mich ab; bitte tragen sie mich aus; keine werbung;
        keine werbung mehr; keine e-mails mehr; keine emails mehr; keine mails mehr;
        bitte keine werbung; bitte keine werbung mehr; bitte keine mails mehr;
        bitte keine e-mails mehr; abmelden vom newsletter; vom newsletter abmelden;
        bitte vom newsletter abmelden; bitte newsletter abmelden; bitte newsletter abbestellen;
        ich möchte den newsletter abbestellen; ich möchte mich vom newsletter abmelden;
        ich möchte mich abmelden; hiermit bestelle ich den newsletter ab;
        hiermit kündige ich den newsletter; kein newsletter mehr; keinen newsletter mehr;
        bitte keinen newsletter mehr; bitte keine newsletter mehr; keine newsletter mehr;
        bitte aus dem verteiler nehmen; aus dem verteiler nehmen;
        bitte nehmen sie mich aus dem verteiler; bitte nehmen sie mich aus ihrem verteiler;
        bitte streichen sie mich aus dem verteiler; bitte streichen sie mich aus ihrem verteiler;
        bitte löschen sie mich aus dem verteiler; bitte löschen sie mich aus ihrem verteiler;
        bitte entfernen sie mich aus ihrem verteiler; bitte aus dem verteiler löschen;
        bitte aus dem verteiler streichen; bitte melden sie mich vom newsletter ab;
        ich möchte keine werbung mehr; ich möchte keine werbung mehr erhalten;
        ich möchte keine e-mails mehr erhalten; ich möchte keine mails mehr bekommen;
        ich möchte keine weiteren e-mails erhalten; bitte keine weiteren e-mails;
        bitte keine weiteren mails; austragen bitte; abbestellung; newsletter kündigen
    """,
    "fr": """
        arrêt; arrêtez; arreter; arrêter; désabonner; desabonner; désabonnement; désabonnez-moi;
        me désabonner; se désabonner; désinscription; desinscription; désinscrire; me désinscrire;
        désinscrivez-moi; désinscription svp; merci de me désinscrire; merci de me désabonner;
        veuillez me désabonner; veuillez me désinscrire; retirez-moi de votre liste; plus d'e-mails;
        plus de mails; stop pub; désabonnement svp; me désinscrire svp; je souhaite me désabonner;
        je souhaite me désinscrire; je veux me désabonner; je ne souhaite plus recevoir vos mails;
        je ne souhaite plus recevoir vos e-mails; je ne souhaite plus recevoir vos emails;
        je ne souhaite plus recevoir de mails; je ne veux plus recevoir vos mails; ne plus recevoir;
        plus de publicité; plus de pub; merci de me retirer de votre liste;
        veuillez me retirer de votre liste; veuillez me retirer de votre liste de diffusion;
        retirez moi de votre liste; désinscription newsletter; désabonnement newsletter;
        désabonnez moi; désinscrivez moi; stop mails; stop newsletter
    """,
    "es": """
        parar; alto; baja; dar de baja; darme de baja; darse de baja; deme de baja; denme de baja;
        solicito la baja; quiero darme de baja; cancelar suscripción; cancelar suscripcion;
        cancelar la suscripción; anular suscripción; desuscribir; desuscribirme; no más correos;
        no mas correos; no enviar más; date de baja; quiero cancelar mi suscripción;
        cancelar mi suscripción; cancele mi suscripción; por favor, denme de baja;
        denme de baja de su lista; deseo darme de baja; quisiera darme de baja;
        solicito darme de baja; solicito la baja de la lista; baja de la lista; baja newsletter;
        baja de newsletter; baja del boletín; no deseo recibir más correos;
        no quiero recibir más correos; no quiero más correos; no me envíen más correos;
        no enviar más correos; elimínenme de la lista; elimíneme de su lista; bórrenme de la lista;
        quitarme de la lista; desuscribirse; desuscripción
    """,
    "it": """
        basta; ferma; disiscrivimi; disiscrivetemi; disiscrizione; disiscriviti; cancellami;
        cancellatemi; cancellami dalla lista; cancellazione iscrizione; annulla iscrizione;
        disdetta newsletter; rimuovimi; rimuovetemi; non voglio più ricevere email;
        niente più email; cancellatemi dalla lista; cancellatemi dalla vostra lista;
        cancellatemi dalla mailing list; vorrei cancellarmi; vorrei disiscrivermi;
        desidero disiscrivermi; desidero cancellarmi; disiscrivermi; disiscrivere;
        cancellazione newsletter; cancellazione dalla newsletter; rimuovetemi dalla lista;
        rimuovetemi dalla mailing list; toglietemi dalla lista; non desidero più ricevere email;
        non desidero più ricevere le vostre email; non voglio più ricevere le vostre email;
        non inviatemi più email; basta email; basta newsletter; annullare iscrizione;
        annulla l'iscrizione
    """,
    "pt": """
        pare; sair; sair da lista; descadastrar; descadastre-me; descadastramento;
        cancelar inscrição; cancelar subscrição; cancelar assinatura da newsletter; remover;
        remova-me; remover da lista; me remova da lista; retire-me da lista; não quero mais receber;
        não quero receber mais e-mails; cancelar a subscrição; cancelar a inscrição;
        cancelar a assinatura da newsletter; quero cancelar a subscrição;
        cancelem a minha subscrição; remover-me da lista; removam-me da lista;
        por favor removam-me da lista; retirem-me da lista; quero sair da lista;
        não desejo receber mais e-mails; não desejo receber mais emails;
        não quero receber mais emails; não quero mais receber e-mails;
        não quero mais receber emails; não enviem mais e-mails; não enviem mais emails;
        descadastrar-me; parar de receber
    """,
    "nl": """
        afmelden; afmelding; uitschrijven; uitschrijving; graag afmelden; graag uitschrijven;
        schrijf mij uit; schrijf me uit; meld mij af; meld me af; geen mail meer; geen mails meer;
        geen reclame; geen e-mails meer; ik wil me afmelden; ik wil mij afmelden;
        ik wil me uitschrijven; ik wil mij uitschrijven; afmelden nieuwsbrief; nieuwsbrief afmelden;
        nieuwsbrief opzeggen; uitschrijven nieuwsbrief; gelieve mij uit te schrijven;
        gelieve me uit te schrijven; haal mij van de lijst; haal me van de lijst;
        verwijder mij van de lijst; verwijder mij uit uw bestand; ik wil geen mail meer ontvangen;
        ik wil geen e-mails meer ontvangen; geen nieuwsbrief meer; stop met mailen;
        stop met e-mailen
    """,
    "sv": """
        stopp; avsluta prenumeration; avprenumerera; avregistrera; avregistrera mig; avanmäl mig;
        avanmälan; ta bort mig; inga fler mejl; inga fler mail; avsluta nyhetsbrev;
        avsluta prenumerationen; avbeställ nyhetsbrev; avregistrera mig från listan;
        ta bort mig från listan; ta bort mig från er lista; jag vill avsluta prenumerationen;
        jag vill avregistrera mig; inga fler nyhetsbrev; sluta skicka mejl; sluta maila
    """,
    "da": """
        stop venligst; afmeld; afmeld mig; afmelding; frameld; frameld mig; framelding; slet mig;
        ikke flere mails; ingen flere mails; afmeld nyhedsbrev; afmeld nyhedsbrevet;
        afmeld mig nyhedsbrevet; jeg vil gerne afmeldes; jeg ønsker at afmelde; slet mig fra listen;
        fjern mig fra listen; stop med at sende mails; ingen flere nyhedsbreve;
        ikke flere nyhedsbreve
    """,
    "no": """
        stopp; avmeld; avmelding; meld meg av; avslutt abonnement; fjern meg; ikke flere e-poster;
        ingen flere e-poster; avmeld nyhetsbrev; meld meg av nyhetsbrevet; jeg vil melde meg av;
        fjern meg fra listen; slett meg fra listen; stopp nyhetsbrev; ingen flere nyhetsbrev;
        ikke send meg mer
    """,
    "fi": """
        lopeta; seis; peruuta tilaus; peru tilaus; poista; poista minut; poista minut listalta;
        peru uutiskirje; ei enää viestejä; peru uutiskirjeen tilaus; peruuta uutiskirje;
        peruutan tilauksen; haluan perua uutiskirjeen; poistakaa minut listalta;
        poista minut postituslistalta; poistakaa minut postituslistalta; en halua enää viestejä;
        ei enää mainoksia; ei enää sähköposteja; lopettakaa
    """,
    "pl": """
        wypisz; wypisz mnie; wypisz się; proszę mnie wypisać; proszę o wypisanie; rezygnuję;
        rezygnuję z newslettera; anuluj subskrypcję; wyrejestruj; usuń mnie; usuń mnie z listy;
        proszę usunąć mnie z listy; proszę mnie wypisać z newslettera;
        proszę o wypisanie z newslettera; proszę o usunięcie z listy;
        proszę o usunięcie mnie z listy; proszę mnie usunąć z listy; chcę się wypisać;
        rezygnacja z newslettera; rezygnuję z subskrypcji; wypisz mnie z newslettera;
        proszę nie przysyłać reklam; proszę nie wysyłać więcej maili; nie chcę więcej maili;
        anuluj newsletter; odsubskrybuj
    """,
    "cs": """
        odhlásit; odhlásit se; odhlaste mě; odhlaste mne; odhlásit odběr; prosím odhlásit;
        zrušit odběr; nezasílejte; nezasílat; odhlásit newsletter; odhlásit z odběru;
        odhlaste mě z odběru; odhlaste mě prosím; prosím odhlaste mě; prosím o odhlášení; odhlášení;
        zrušte odběr; prosím zrušit odběr; vyřaďte mě ze seznamu; už mi nic neposílejte;
        neposílejte mi další e-maily; nechci další e-maily; stop reklama
    """,
    "sk": """
        odhlásiť; odhlásiť sa; odhláste ma; odhlásiť odber; zrušiť odber; neposielajte;
        odhlásiť newsletter; prosím odhláste ma; prosím odhlásiť; odhlásenie; zrušte odber;
        vyraďte ma zo zoznamu; už mi nič neposielajte; nechcem ďalšie e-maily
    """,
    "hu": """
        leiratkozás; leiratkozom; leiratkozni; kérem töröljenek; töröljenek a listáról;
        ne küldjenek több levelet; leiratkozás a hírlevélről; hírlevél leiratkozás;
        szeretnék leiratkozni; le szeretnék iratkozni; kérem, töröljenek a listáról;
        kérem töröljenek a listáról; kérem, iratkoztassanak le; ne küldjenek több hírlevelet;
        nem kérek több hírlevelet; nem kérek több levelet; leállítás
    """,
    "ro": """
        dezabonare; dezabonați-mă; dezabonati-ma; dezaboneaza-ma; dezabonează-mă;
        vreau să mă dezabonez; ștergeți-mă din listă; oprire; dezabonare newsletter;
        doresc să mă dezabonez; doresc sa ma dezabonez; vreau sa ma dezabonez;
        vă rog să mă dezabonați; va rog sa ma dezabonati; scoateți-mă de pe listă;
        ștergeți-mă de pe listă; nu mai doresc să primesc emailuri; nu mai vreau emailuri
    """,
    "tr": """
        dur; durdur; üyelikten çık; abonelikten çık; aboneliği iptal et; aboneliğimi iptal edin;
        listeden çıkar; listeden çıkarın; beni listeden çıkarın; ret; mail göndermeyin;
        lütfen mail atmayın; abonelikten çıkmak istiyorum; üyelikten çıkmak istiyorum;
        listeden çıkmak istiyorum; aboneliğimi sonlandırın; aboneliğimi iptal et;
        bülten aboneliğini iptal et; e-posta göndermeyin; artık e-posta almak istemiyorum;
        artık mail almak istemiyorum; listenizden çıkarın; beni listenizden çıkarın
    """,
    "ru": """
        стоп; отписаться; отписка; отпишите меня; отпишите меня от рассылки; отказ от рассылки;
        отписать; удалите меня из рассылки; не присылайте больше писем; прекратите рассылку;
        отпишите; отпишите меня пожалуйста; прошу отписать; прошу отписать меня от рассылки;
        прошу удалить меня из рассылки; хочу отписаться; хочу отписаться от рассылки;
        отписаться от рассылки; отказаться от рассылки; отмена подписки; отменить подписку;
        больше не пишите; больше не присылайте; не хочу получать рассылку; не хочу получать письма;
        не присылайте мне писем; уберите меня из списка; уберите меня из рассылки;
        исключите меня из рассылки; остановить рассылку
    """,
    "uk": """
        відписатися; відписка; відпишіть мене; відмова від розсилки; видаліть мене з розсилки;
        стоп розсилка; відпишіть; хочу відписатися; відписатися від розсилки; прошу відписати мене;
        скасувати підписку; більше не надсилайте; не надсилайте більше листів;
        приберіть мене зі списку; не хочу отримувати листи
    """,
    "el": """
        διαγραφή; απεγγραφή; διαγράψτε με; κατάργηση εγγραφής; σταματήστε; στοπ; κατάργηση;
        διαγραφή από τη λίστα; διαγράψτε με από τη λίστα; παρακαλώ διαγράψτε με;
        παρακαλώ διαγράψτε με από τη λίστα; θέλω να διαγραφώ; επιθυμώ διαγραφή; όχι άλλα email;
        μη μου στέλνετε άλλα email; σταματήστε να μου στέλνετε email
    """,
    "ja": """
        配信停止; 配信停止希望; 配信停止をお願いします; 配信停止してください; 配信解除; 登録解除;
        購読解除; メルマガ解除; 解除希望; 停止; 退会; 退会希望; 配信停止をお願い致します;
        配信を停止してください; 配信を止めてください; 配信不要; 配信の停止をお願いします;
        メール配信停止; メールの配信停止; メール配信を停止してください; メルマガ停止;
        メルマガ配信停止; メルマガの配信停止をお願いします; 登録解除をお願いします;
        登録を解除してください; 購読停止; 購読を解除; 退会します; 退会を希望します;
        もう送らないでください; メール不要; ストップ
    """,
    "zh": """
        退订; 退訂; 取消订阅; 取消訂閱; td; 请退订; 停止发送; 不要再发邮件; 请取消订阅; 我要退订;
        我想退订; 请帮我退订; 取消關注; 停止; 停止發送; 请停止发送; 請停止發送; 不要再发;
        不要再发邮件给我; 请不要再发邮件; 請勿再寄; 不要再寄; 請取消訂閱; 我要取消訂閱; 拒收
    """,
    "ko": """
        수신거부; 수신 거부; 구독 취소; 구독취소; 구독 해지; 그만; 메일 수신거부; 수신거부합니다;
        수신 거부합니다; 수신거부 요청; 수신거부 부탁드립니다; 구독을 취소합니다;
        구독 취소해 주세요; 구독취소 해주세요; 구독 취소 부탁드립니다; 구독해지; 메일 그만 보내세요;
        메일 보내지 마세요; 더 이상 보내지 마세요
    """,
    "ar": """
        إلغاء الاشتراك; الغاء الاشتراك; أوقفوا الرسائل; توقف; أريد إلغاء الاشتراك;
        ارجو إلغاء الاشتراك; أرجو إلغاء اشتراكي; إلغاء اشتراكي; الغاء اشتراك; إيقاف; ايقاف; قف;
        احذفوني من القائمة; لا ترسلوا المزيد
    """,
    "he": """
        הסר; הסרה; הסירו אותי; להסיר; ביטול מנוי; הסר אותי; הסירו; נא להסיר; נא להסיר אותי;
        נא להסיר מרשימת התפוצה; הסירו אותי מרשימת התפוצה; להסיר אותי מהרשימה; ביטול הרשמה; עצור
    """,
    "id": """
        berhenti; berhenti berlangganan; hapus saya dari daftar; berhenti kirim email;
        hentikan langganan; batalkan langganan; hapus saya; jangan kirim email lagi
    """,
    "vi": """
        hủy đăng ký; huỷ đăng ký; ngừng gửi email; dừng lại; hủy đăng ký nhận tin;
        tôi muốn hủy đăng ký; dừng; ngừng; dừng gửi email; đừng gửi email nữa; huỷ đăng ký nhận tin
    """,
    "bg": """
        стоп; отписване; отпишете ме; отписване от бюлетина; искам да се отпиша;
        не желая да получавам имейли; прекратете изпращането
    """,
    "hr": """
        odjava; odjavi me; odjavite me; odjavite me s liste; želim se odjaviti;
        odjava s newslettera; ne šaljite više; maknite me s liste
    """,
    "sr": """
        odjava; odjavite me; одјава; одјавите ме; желим да се одјавим; želim da se odjavim;
        не шаљите више
    """,
    "sl": """
        odjava; odjavite me; odjavi me; želim se odjaviti; odjava od novic; ne pošiljajte več
    """,
    "et": """
        stopp; soovin loobuda; eemaldage mind; eemaldage mind nimekirjast;
        palun eemaldage mind nimekirjast; lõpeta tellimus
    """,
    "lv": """
        atrakstīties; izrakstīties; vēlos atteikties; lūdzu izņemiet mani no saraksta;
        nesūtiet vairāk
    """,
    "lt": """
        atsisakyti prenumeratos; noriu atsisakyti; pašalinkite mane; pašalinkite mane iš sąrašo;
        nebesiųskite
    """,
    "ca": """
        baixa; donar-me de baixa; vull donar-me de baixa; doneu-me de baixa;
        cancel·lar la subscripció; no vull rebre més correus
    """,
    "fa": """
        لغو اشتراک; لغو عضویت; توقف
    """,
    "th": """
        ยกเลิกการรับข่าวสาร; ยกเลิกการสมัคร; เลิกรับข่าวสาร; หยุดส่ง; หยุด
    """,
}

# What people say before or behind it.
POLITE = """
    please; pls; plz; kindly; thanks; thank you; many thanks; bitte; danke; vielen dank; svp;
    s'il vous plaît; s'il vous plait; merci; merci de; veuillez; por favor; gracias; per favore;
    grazie; obrigado; obrigada; alstublieft; aub; graag; bedankt; tack; snälla; tak; venligst; takk;
    vennligst; kiitos; proszę; dziękuję; prosím; děkuji; ďakujem; kérem; köszönöm; vă rog; va rog;
    mulțumesc; lütfen; teşekkürler; пожалуйста; спасибо; прошу; будь ласка; дякую; παρακαλώ;
    ευχαριστώ; molim; hvala; моля; благодаря; palun; lūdzu; prašau; tolong; vui lòng; 请; 請; 谢谢;
    謝謝; 부탁드립니다; 감사합니다; يرجى; نرجو; בבקשה; תודה; si us plau
"""
