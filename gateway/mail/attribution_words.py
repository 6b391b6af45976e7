"""The words of the line that introduces a quotation, as the world's mail programs say it; lower case."""

# "wrote", as whole words; German, Dutch, French and Italian split theirs, the participle is enough.
VERBS = """
    wrote, writes, schrieb, schrieben, schreibt, geschrieben, écrit, ecrit, écrivait, escribió,
    escribio, escribe, escribía, scritto, scrisse, scrive, escreveu, escribiu, escreve, schreef,
    geschreven, schreven, skrev, skriver, skreiv, kirjoitti, kirjutas, kirjutab, napisał, napisała,
    napisał(a), napisała(a), napisal, napisala, napisal(a), pisze, napísal, napísala, napísal(a), píše,
    napsal, napsala, napsal(a), írta, írja, scris, scrie, написа, написал, написала, написал(а), пишет,
    писал, писала, писал(а), написав, написав(ла), написав(-ла), пише, пишуть, έγραψε, έγραψαν, γράφει,
    yazdı, yazmış, yazdi, כתב, כתבה, כתב/ה, كتب, كتبت, napisao, napisao/la, napisao/napisala,
    napisao(la), написао, написао/ла, rašė, parašė, rakstīja, menulis, skrifaði, viết, va escriure,
    idatzi du, schrîft, scripsit
"""

# In scripts that do not part words with blanks, or where the verb has several.
VERB_PHRASES = """
    写道, 寫道, 写了, のメール, は書きました, さんは書きました, が書きました, 님이 작성, 작성:, 님이 씀,
    썼습니다, 님이 쓴 글, เขียนว่า, เขียน:, đã viết, تمت كتابة, نوشت, ने लिखा, va escriure, idatzi du,
    מאת, на писа
"""

# What announces a quotation without a verb: Horde, Apple in Polish, Gmail in Catalan.
QUOTING = """
    zitat von, quoting, quoted from, citando, citeren, citat från, citerar, citerer, cytowanie, cytat,
    citace, citát, idézet, missatge de, wiadomość napisana przez, mensaje de, quoto, selon
"""

# What stands before the date.
OPENERS = """
    on, at, am, le, el, il, op, den, em, no, w, dnia, dne, dana, dňa, na, på, pe, la, în, в, στις, vào,
    pada, kuupäev, z, בתאריך, في, 在, 於, 于, v
"""

# Whoever quotes by hand says "as you wrote on 5 May"; programs name people.
PRONOUNS = """
    you, i, we, he, she, they, your, my, our, sie, ich, wir, er, ihr, du, ihre, ihnen, unser, mein,
    vous, je, nous, ils, elle, tu, votre, notre, usted, ustedes, yo, ella, su, lei, voi, io, noi, suo,
    vostro, você, eu, u, ik, wij, jij, uw, ons, ni, jag, vi, han, hon, вы, я, мы, он, она, siz, ben
"""

# Nobody's program says "I wrote to orders@glashaus.example".
FIRST_PERSONS = "i, we, ich, wir, j'ai, nous, yo, ik, wij, jag, jeg"

# How a mail begins; nothing is answered yet.
GREETINGS = """
    hi, hello, hey, dear, good morning, good day, good afternoon, good evening, hallo, guten tag,
    guten morgen, guten abend, liebe, lieber, liebes, sehr geehrte, sehr geehrter, moin, grüß gott,
    bonjour, bonsoir, salut, cher, chère, hola, buenos días, buenas tardes, buenas, estimado, estimada,
    estimados, ciao, buongiorno, buonasera, salve, gentile, olá, bom dia, boa tarde, prezado, prezada,
    prezados, beste, geachte, goedendag, dag, hej, hei, god dag, kära, kære, dzień dobry, witam,
    szanowna, szanowny, szanowni, dobrý den, ahoj, vážený, vážená, kedves, tisztelt, bună, bună ziua,
    stimate, здравейте, здравствуйте, добрый день, доброго дня, merhaba, sayın, iyi günler, καλημέρα,
    γεια, αγαπητή, dobar dan, poštovani, pozdravljeni, tere, labas, labdien, sveiki
"""
