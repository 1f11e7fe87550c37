"""A chain of coffee shops."""

from murmuration.sample.words.parts import topic

TOPICS = {
    "coffee/espresso": topic(
        "product",
        (0.24, 0.50),
        tags="#espresso | #coffee",
        en="the espresso | the flat white | the beans | the cappuccino",
        es="el espresso | el capuchino | el grano de café",
        de="der Espresso | der Cappuccino | die Röstung",
        fr="l'espresso | le cappuccino | le grain torréfié",
        pt="o espresso | o cappuccino | o grão de café",
        ja="エスプレッソ | カプチーノ | コーヒー豆",
        negative="""
            the espresso was burnt and bitter, disgusting | worst flat white I had {time}, cold and watery
            | the cappuccino tastes horrible since they changed the beans | bad coffee, the milk was sour
            | {brand} espresso {place} is awful, I threw it away | terrible roast, pure ash""",
        neutral="""
            which beans go into the flat white | the espresso comes from a roaster {place}
            | ordered a cappuccino with oat milk {time} | {brand} has {num} roasts on the shelf
            | the espresso machine has {num} groups | how many shots are in a large flat white""",
        positive="""
            the espresso is delicious, perfect crema | best flat white in town {time}
            | love the new beans, sweet and chocolatey | wonderful cappuccino with oat milk
            | {brand} espresso {place} is excellent | a lovely roast, I am in heaven""",
        details="""
            Double shot, oat milk. | Cup from the early roast. | Beans from the second shelf.
            | Barista pulled it in {num}0 seconds. | Flat white, two sugars.""",
    ),
    "coffee/price": topic(
        "price",
        (0.58, 0.12),
        tags="#coffeeprices",
        en="the price of a latte | the oat milk surcharge | the menu prices | the size of the cups",
        es="el precio del café | el recargo por la leche de avena | el menú de precios",
        de="der Preis für einen Latte | der Aufpreis für Hafermilch | die Preistafel",
        fr="le prix du café | le supplément lait d'avoine | le tarif du menu",
        pt="o preço do café | a taxa do leite de aveia | o preço do cardápio",
        ja="コーヒーの値段 | オーツミルクの追加料金 | ラテの価格",
        negative="""
            {money} for a latte is ridiculous | oat milk surcharge again, what a rip-off, shameful
            | smaller cups and higher prices, disgusting greed | {money} for a muffin, are you insane
            | {brand} prices {place} are a joke, so overpriced | I hate paying {money} for hot milk""",
        neutral="""
            a latte is {money} {place} | the oat milk surcharge is {money} | what does a large latte cost {place}
            | {brand} printed a new price list {time} | prices on the board changed on {day}
            | the latte went from {money} to {money}""",
        positive="""
            {money} for a latte and a bun, great deal | no oat milk surcharge, thank you {brand}
            | fair prices {place}, happy to come back | good value, the breakfast set for {money}
            | love the half price hour on {day} | best cheap latte in town""",
        details="""
            Large latte, to go. | Price list of {day}. | Receipt says {money}.
            | Same latte, other street. | Oat milk extra.""",
    ),
    "coffee/queue": topic(
        "problem",
        (0.54, 0.16),
        tags="#queue | #morningrush",
        en="the queue | the wait | the line at the counter | the morning rush",
        es="la cola | la espera | la fila en la barra",
        de="die Schlange | die Wartezeit | der Andrang am Morgen",
        fr="la file d'attente | l'attente au comptoir | la queue du matin",
        pt="a fila | a espera | a fila do balcão",
        ja="行列 | 待ち時間 | 朝の混雑",
        negative="""
            {mins} in the queue and they forgot my order, awful | one till open in the morning rush, terrible
            | the queue is out of the door {time}, so annoying | waited {mins} for a cold drink, ridiculous
            | {brand} queue {place} is a nightmare | missed my train in this horrible queue""",
        neutral="""
            the queue {place} is {mins} at {hour} | when is the morning rush over {place}
            | {num} people in the queue {time} | {brand} opens a second till on {day}
            | queue on the left, collection on the right | waiting in the queue at {hour}""",
        positive="""
            no queue at all {time}, lovely | the new second till is great, {mins} saved
            | super fast queue {place}, impressed | thank you for opening early, the queue was quick and fun
            | {brand} handled the morning rush brilliantly | happy surprise, coffee in two minutes despite the queue""",
        details="""
            One till open. | Queue up to the door. | At {hour} on {day}.
            | {num} people ahead of me. | Two baristas on shift.""",
    ),
    "coffee/staff": topic(
        "people",
        (0.26, 0.52),
        tags="#barista",
        en="the barista | the staff | the team | the manager",
        es="el barista | el personal | la encargada",
        de="der Barista | das Personal | die Filialleiterin",
        fr="le barista | l'équipe | la gérante",
        pt="o barista | a equipe | a gerente",
        ja="バリスタ | 店員さん | 店長",
        negative="""
            the barista was rude and rolled her eyes, horrible | the manager shouted at a barista, disgusting
            | the staff ignored us for {mins}, awful | the barista laughed at my order, so unfriendly
            | {brand} staff {place} are rude | the manager lied about the refund, shame on them""",
        neutral="""
            the barista {place} wears a green apron | a new manager starts {place} on {day}
            | the barista asked for my name {time} | {brand} looks for {num} baristas {place}
            | how many baristas work the early shift | the barista drew a leaf on the foam""",
        positive="""
            the barista {place} is an angel, so kind | lovely staff, they remembered my name
            | the friendly barista made my day | great team {place}, always smiling
            | {brand} baristas are the best | thank you to the barista who gave my son a cookie""",
        details="""
            Early shift on {day}. | The barista with the green apron. | Counter {place}.
            | Name on the cup. | Manager on duty.""",
    ),
    "coffee/loyalty": topic(
        "price",
        (0.38, 0.32),
        tags="#points | #loyaltycard",
        en="the points | the stamp card | the points balance | the tenth cup",
        es="los puntos | la tarjeta de sellos | el décimo café",
        de="die Treuepunkte | die Stempelkarte | der zehnte Becher",
        fr="les points fidélité | la carte à tampons | le dixième café",
        pt="os pontos | o cartão de selos | o décimo café",
        ja="ポイント | スタンプカード | 十杯目",
        negative="""
            my loyalty points vanished {time}, thieves | points expire after {num} weeks, what a scam
            | the stamp card was refused {place}, so annoying | they devalued the points, disappointed and angry
            | {brand} points are worthless now, a joke | lost {num}0 points by a stupid error""",
        neutral="""
            how many points for the tenth cup | {num}0 points on my stamp card
            | the stamp card has ten fields | {brand} counts points per {money} from {day}
            | do points move to a new card | two stamps {time} and one on {day}""",
        positive="""
            the tenth cup was free, I love the stamp card | double points {time}, great
            | enough points for a free cake, so happy | the loyalty points are generous
            | {brand} gave me bonus points, nice | best stamp card in town, {num} gifts already""",
        details="""
            Stamp card of paper. | {num}0 points so far. | Ninth stamp today.
            | Points since spring. | Card code on the back.""",
    ),
    "coffee/ordering": topic(
        "problem",
        (0.42, 0.28),
        tags="#orderahead | #mobileorder",
        en="the order-ahead app | mobile ordering | the pickup shelf | the order screen",
        es="el pedido por móvil | la aplicación de pedidos | la pantalla de recogida",
        de="die Vorbestell-App | die mobile Bestellung | das Abholregal",
        fr="la commande mobile | l'appli de commande | l'étagère de retrait",
        pt="o pedido pelo celular | o aplicativo de pedidos | a prateleira de retirada",
        ja="モバイルオーダー | 注文アプリ | 受け取り棚",
        negative="""
            mobile order charged me and the shop never got it, awful | the order-ahead app crashed {time}, useless
            | my mobile order was stolen from the pickup shelf | the order screen is broken, terrible idea
            | {brand} order-ahead is a mess | horrible app, the pickup time is a lie""",
        neutral="""
            mobile ordering opens at {hour} {place} | the pickup shelf is left of the door
            | how early does order-ahead take an order | {brand} puts the order code on the cup
            | order {ticket} on the pickup shelf | order-ahead says {mins}""",
        positive="""
            order-ahead is brilliant, cup ready in {mins} | I love mobile ordering, so easy
            | the pickup shelf saves my morning, great | perfect, order-ahead had my cup ready {time}
            | {brand} mobile ordering works wonderfully | the new order screen is excellent""",
        details="""
            Order {ticket}. | Pickup at {hour}. | Ordered from the bus.
            | Pickup shelf by the door. | Code on the cup.""",
    ),
    "coffee/seasonal": topic(
        "news",
        (0.18, 0.52),
        tags="#cardamom | #seasonal",
        en="the cardamom latte | the seasonal menu | the rhubarb cold brew | the saffron bun",
        es="el latte de cardamomo | el menú de temporada | el bollo de azafrán",
        de="der Kardamom-Latte | die Saisonkarte | das Safranbrötchen",
        fr="le latte à la cardamome | la carte de saison | la brioche au safran",
        pt="o latte de cardamomo | o menu da estação | o pão de açafrão",
        ja="カルダモンラテ | 季節限定メニュー | サフランパン",
        negative="""
            the cardamom latte tastes like soap, disgusting | rhubarb cold brew is a crime, horrible
            | the seasonal menu is boring and bad | sold out of saffron buns again, so disappointed
            | {brand} cardamom latte is awful | the worst seasonal drink in years, far too sweet""",
        neutral="""
            the cardamom latte is on the menu from {day} | what is in the rhubarb cold brew
            | saffron buns come in at {hour} | {brand} prints the seasonal menu on pink paper
            | cardamom latte or rhubarb cold brew {time} | the seasonal menu has {num} drinks""",
        positive="""
            the cardamom latte is heavenly, I love it | rhubarb cold brew is amazing
            | the saffron bun is delicious, best of the seasonal menu | cardamom latte makes me so happy {time}
            | {brand} cardamom latte is back, what a joy | wonderful seasonal menu, well done""",
        details="""
            Cardamom in the foam. | Rhubarb from {place}. | Seasonal menu, page {num}.
            | Saffron bun on the side. | Poster in the window.""",
    ),
    "coffee/straws": topic(
        "green",
        (0.46, 0.28),
        tags="#reusable | #paperstraw",
        en="the paper straws | the reusable cup | the cup deposit | the lids",
        es="la pajita de papel | el vaso reutilizable | el depósito del vaso",
        de="der Papierstrohhalm | der Mehrwegbecher | der Becherpfand",
        fr="la paille en papier | la tasse réutilisable | la consigne du gobelet",
        pt="o canudo de papel | o copo reutilizável | o depósito do copo",
        ja="紙ストロー | マイカップ | カップのデポジット",
        negative="""
            the paper straw melts in {mins}, terrible | they refused my reusable cup {time}, hypocrites
            | the cup deposit is a scam, {money} gone | plastic lids everywhere, so wasteful and sad
            | {brand} paper straws are awful | hate the taste of a wet paper straw""",
        neutral="""
            the cup deposit is {money} | where do I return the reusable cup {place}
            | paper straws on request from {day} | {brand} weighs its paper cups {place}
            | a reusable cup holds {num} shots | lids are made of fibre {time}""",
        positive="""
            great that they take my reusable cup | love the cup deposit, less waste in the park
            | the new fibre lids are excellent | happy to see paper straws, well done
            | {brand} reusable cup is beautiful | wonderful, {num}0 cents off with my own cup""",
        details="""
            Reusable cup in my bag. | Deposit of {money}. | Straw on request.
            | Lid made of fibre. | Bin behind the door.""",
    ),
    "coffee/seats": topic(
        "talk",
        (0.32, 0.38),
        tags="#coworking | #wifi",
        en="the seats | the wifi | the sockets | the window table",
        es="el wifi | el enchufe | la mesa de la ventana",
        de="das WLAN | die Steckdose | der Fensterplatz",
        fr="le wifi | la prise de courant | la table près de la fenêtre",
        pt="o wi-fi | a tomada | a mesa da janela",
        ja="店内の席 | ワイファイ | コンセント",
        negative="""
            the wifi is terrible {place}, dropped {num} times | no sockets, wobbly tables, miserable seats
            | they threw me out of my seat after {mins}, rude | dirty tables and broken sockets {time}
            | {brand} wifi {place} is useless | music so loud, the seats are horrible for work""",
        neutral="""
            is there wifi {place} at {hour} | {num} sockets along the window
            | the wifi code is on the receipt | {brand} moved the tables {place} {time}
            | seats upstairs open at {hour} | which shop has a socket at every seat""",
        positive="""
            my favourite window seat, lovely and quiet | fast wifi and sockets at every table, perfect
            | great place to work, comfy seats | love the new sofas {place}
            | {brand} wifi is excellent {place} | a beautiful table in the sun {time}""",
        details="""
            Window table, two sockets. | Laptop open since {hour}. | Wifi code on the receipt.
            | Upstairs, last table. | Bench along the wall.""",
    ),
}

CRISES = {
    "coffee/mouse_video": topic(
        "problem",
        (0.88, 0.01),
        tags="#mousevideo | #hygiene",
        en="the mouse video | the mouse in the kitchen | the hygiene report | the health inspectors",
        es="el vídeo del ratón | el ratón en la cocina | el informe de higiene",
        de="das Mäusevideo | die Maus in der Küche | der Hygienebericht",
        fr="la vidéo de la souris | la souris en cuisine | le rapport d'hygiène",
        pt="o vídeo do rato | o rato na cozinha | o relatório de higiene",
        ja="ネズミの動画 | 厨房のネズミ | 衛生検査の報告",
        negative="""
            a mouse in the kitchen, I feel sick, disgusting | that mouse video is revolting, never again
            | hygiene inspectors closed the shop {place}, gross | the mouse ran over the muffins, horrible
            | {brand} mouse video made me ill | filthy kitchen, mouse droppings, shame on them""",
        neutral="""
            has everyone seen the mouse video | the mouse video is from {place}
            | health inspectors visit {place} on {day} | {brand} comments on the mouse video at {hour}""",
        positive="the kitchen passed the hygiene check after the mouse video, good",
        details="""
            Kitchen {place}. | Video of {num}0 seconds. | Inspectors at {hour}.
            | Mouse by the muffins. | Report by the city.""",
    ),
    "coffee/tip_scandal": topic(
        "people",
        (0.85, 0.02),
        tags="#tips | #payyourbaristas",
        en="the tip jar scandal | the withheld tips | the leaked payslips | the baristas' tips",
        es="el escándalo de las propinas | la propina retenida | la nómina filtrada",
        de="der Trinkgeldskandal | das einbehaltene Trinkgeld | die Lohnabrechnung",
        fr="le scandale des pourboires | le pourboire retenu | la fiche de paie",
        pt="o escândalo das gorjetas | a gorjeta retida | o contracheque vazado",
        ja="チップ横領問題 | 未払いのチップ | 流出した給与明細",
        negative="""
            keeping the baristas' tips is theft, disgusting | leaked payslips show stolen tips, shameful
            | exploiting baristas and taking their tips, evil | boycott until the tips are paid back, I am angry
            | {brand} stole tips from its own people | cruel bosses, tips gone for {num} months""",
        neutral="""
            who published the payslips | the tips of {num}0 shops are concerned
            | a union meets about the tips on {day} | {brand} has a statement on tips {time}""",
        positive="tips are paid back {time}, a victory for the baristas",
        details="""
            Payslips of {num} months. | Tips by card. | Union counter {place}.
            | Statement at {hour}. | Tip jar on the counter.""",
    ),
}
