"""Words that fill speech in posts, by language: what the lists of the package stop_words lack.

Those were made of books and news. People write “nn” for “non”, “vc” for “você”, and Hindi in Latin letters, for which
there is no list at all. Greetings, thanks and words of time stay, as in English.
"""

ROMAN_HINDI = "hi-Latn"

ANYWHERE = frozenset(("http", "https", "rt"))  # what is left of an address or a repost

# Of languages other than English, by BCP 47 code.
FILLERS = {
    "ar": """
    أن إن ان أنه إنه أنها إنها أو او إلى الى إلا الا إذا اذا أي اي أيضا الي اللي انا أنا انت أنت انتم احنا نحن هم هو هي هذا هذه هذي هاي ذا دا
    دي ده بس مش مو ما لا لم لن ليس ليست لو لما لي لك له لها لهم لنا لكن لأن لان لـ بـ الـ في من منه منها عن عنه عنها على علي عليه عليها
    عليهم عند عندي عندك قد كل كلها كان كانت كنت كما كيف كيفية متى ليش ليه لماذا وش ايش شو شي شيء كذا هكذا زي مثل يعني عشان علشان حتى هل يا
    والله واللي ولا وما ومن وفي وهو وهي وأن وان بعد قبل مع تحت فوق عبر فقط جدا كثير أكثر اكثر أول اول الآن الان لسه بدون دون غير بين به بها فيه فيها
    يكون تكون تم أحد احد بعض هناك هنا ثم بل أم ام إما كمان برضه بقى اهو
    """,
    "de": """
    mehr mal echt schon einfach immer ganz wohl beim geht gehen halt ab ne na nee ja nein ach oh hey gar leider natürlich eigentlich voll
    wäre hätte gerade grad eben los besser seit gleich nie mich dich dafür dabei darauf drauf davon damit wegen vielleicht gern gerne lieber macht
    machen gemacht kommt kommen sieht sehen lassen lass lässt bekommen sowas so nix nichts nich nicht net nun fast genau kurz zwei wenig weniger
    bleibt brauch brauche bisschen bissl doch noch auch nur mir dir uns euch sonst trotzdem irgendwie irgendwas irgendwann eh bzw usw etc
    wurde wurden worden sei seien kannst könnte könnten sollte sollten würde würden möchte mag hab habs hast gibt gibts gehts gings wars
    ists isses ins zum zur vom im am ans fürs ums aufs übers letzte letzten nächste nächsten jeder jede jedes zumindest jedoch tut tun
    """,
    "es": """
    mas más sé si sí tan ya así asi aún aun va van vas voy ir iba vale jaja jajaja jajajaja jeje ay eh ah oh pues claro mal ver vi veo visto dice
    dices digo decir dicho pasa pasar hace hacer hago hecho haces puedo puedes puede podido poder quiero quieres quiere quería queda quedan
    deja dejar llevo llevar llegar salir cosa cosas algo alguien nadie cada vez veces otra otro otros demasiado super tal solo sólo gusta tengo
    tienes tiene tener hay he ha has han haber sigo seguir acabo pongo poner q k xq pq d x tb tmb porque porqué qué cómo cuándo dónde
    cuál quién mi mis tu tus te ti me nos os les le lo la el ella ellos él nada todo toda todos todas aquí ahí allí ahora luego siempre nunca
    """,
    "fr": """
    plus va vas vais vont fait faire faut veut peut pourquoi comment quand non oui très bien aussi toujours jamais rien encore déjà mieux
    bientôt ici voici voilà ça ca cela ceci autour contre selon chez entre sans sous ans an cent tout toute tous toutes même mêmes qu
    quoi dont où lors afin alors ainsi donc car puis après avant depuis pendant dès quel quelle quels quelles chaque plusieurs
    certains quelques beaucoup peu trop voir dit dire passe mettre mis être avoir ont sont était sera seront aurait serait grâce tt pr ds
    pas pcq parce jsuis jai cest
    """,
    "it": """
    fa fatto fare fanno so può posso puoi possono quando così perchè perché xché xchè xke ke nn già prima dice dire detto va vanno andare lol via
    vuole voglio vorrei proprio niente nulla nessuno sì vero certo poi po ecco eh oh ah ok allora magari forse appena finalmente davvero troppo
    meno senso basta cosa cose caso parte volta visto vedo pensa spero credo sa sta sto stai stanno sia stato stata stati essere avere avete
    mai sempre anche ancora solo sono sei siamo siete fosse comunque invece quindi qualcosa qualcuno ogni altro altra altri altre tutto tutti
    tutta tutte me te mi ti ci vi lo la li le ne qui qua lì là cmq xò però qlc tt
    """,
    "nl": """
    aan al alle alleen als ben bij bent da dan dat de deze die dit doe doen door dus echt een eens en er even gaan gaat ga geen geef gewoon had
    heb hebben hebt heeft heel het hier hij hoe iets ik in is ja je jij jou jouw jullie kan komt kun laat maar me mee meer men met mij mijn moet
    na naar nee net niet niets nog nou nu of om omdat onder ons ook op over sinds te tegen toch toen tot u uit uw van veel voor waar wanneer
    want was wat we weer wel werd wie wil worden wordt ze zegt zeg zelf zich zien zij zijn zo zou
    """,
    "pt": """
    vai vão vou vamos vem tá tô to tou né pra pro pros pras vc vcs voce você pq porque porquê ja já nao não n q tb tbm tmb hj ai aí ah oh ta so só
    ao aos à às ainda sempre nunca nada tudo todo toda todos todas tão assim acho achei sei sim ver vendo fala falar falando faz fazer feito fez
    ficar fica ficou deu dar dá dando passar passa coisa coisas alguém ninguém cada vez vezes demais pouco muito mt mto queria quero quer
    mim meu minha desse dessa nesse nessa disso isso isto aqui lá ali onde quando como quem qual agora então depois antes sair sai saiu
    manda será seria foi era tem têm tinha ter estou está estão estava ser sou é são kkk rs
    """,
    "tr": """
    ama artık bana ben beni benim bi bir biri biz bu bunu çok da daha de değil diye en gibi göre hem hep her hiç için ile ise kadar
    ki mi mı mu mü ne neden niye o olan olarak oldu olsun olur onu onun sadece sana sen seni senin siz şey şu şimdi tüm var ve veya ya yani yok
    """,
    ROMAN_HINDI: """
    ab abhi agar aisa aise aisi aap aapka aapke aapki aapko ap apka apke apki apko apna apne apni aur bahut bohot bas baad bhi bina chahiye chalo de dete diya diye
    ek gaya gaye gayi gya gye gyi haan han ha hai hain he hi ho hoga hoge hogi hona hone hota hote hoti hu hua hue hui hun hoon hum humko hume
    is iska iske iski isko isme iss isse itna itne itni ja jab jaise jaisa jao jata jate jati jo ka kaise kaisa kab kabhi kaha kahan kar
    kare karke karo karna karne karta karte karti kaun kb ke ki kis kisi kisko kitna kitne kiya kiye ko koi koyi kr krke kro krna krta krte kuch kuchh kya
    kyu kyun kyon kyunki le lekin liya liye lo lag laga lagta lagti magar mai main maine mat matlab me mein mera mere meri mil mujhe mujhko mujko na nahi nahin nai nhi
    ne nd ni ok or par pata pe per phir fir raha rahe rahi rha rhe rhi sab sabse sabka sabko saath sath se sirf st ta tab tak te tera tere teri
    tha the thi tho th to toh tu tujhe tum tumhara tumhe tumko tune unka unke unki unko uska uske uski usko us use uss wahi wala wale wali
    waha wahan wo woh vo ya yaar yar yr yaha yahan ye yeh yahi
    """,
}

# Of them what no English word is: they are in posts that mix the two, too.
HINDI_IN_ENGLISH = """
    aapka aapke aapki abhi agar apka apke apki apna apne apni aur bahut bhi bohot chahiye diya gaya gaye gayi haan hai hain hoga hogi hota hote hoti hua
    hui hun hoon iska iske iski isko itna jab jaise jo ka kab kabhi kaise kar kare karke karna karne karo karta karte kaun ke ki kisi kiya ko
    koi kr kuch kya kyu kyun kyunki lekin liya liye maine matlab mein mera mere meri mujhe nahi nahin nhi pe phir raha rahe rahi rha rhe sab sabse se
    sirf tak tera tere teri tha thi toh tu tujhe tum uska uske uski usko wala wale wali wo woh yaar ye yeh
    """
