"""Phones and mobile plans."""

from murmuration.sample.words.parts import topic

TOPICS = {
    "phone/battery": topic(
        "product",
        (0.40, 0.28),
        tags="#battery | #charging",
        en="the battery | battery life | the charger | fast charging",
        es="la batería | el cargador | la carga rápida",
        de="der Akku | das Ladegerät | die Akkulaufzeit",
        fr="la batterie | le chargeur | la charge rapide",
        pt="a bateria | o carregador | a duração da bateria",
        ja="バッテリー | 充電器 | 電池の持ち",
        negative="""
            the battery dies before {hour}, terrible | my {brand} battery is awful, {num} hours and it is gone
            | charging takes forever and the phone gets horribly hot | the worst battery I ever had in a phone
            | the charger broke after {num} weeks | battery drain is a nightmare {time}
            | the battery is swollen and the shop ignores me""",
        neutral="""
            how many hours does the battery last for you | from 20 to 80 percent in {mins}
            | which charger do you use with a {brand} phone | battery at {num}0 percent after a day of maps
            | comparing battery drain on two phones {time} | the charger takes {mins} for a full battery""",
        positive="""
            battery life is amazing, two days on one charge | I love how fast this battery charges
            | the new battery is impressive, {num}0 percent left at night | charging in {mins} is brilliant
            | best battery I ever had, my {brand} lasts all weekend | so happy with the battery after {num} weeks""",
        details="""
            Screen at half. | I charge it overnight. | Mostly maps and podcasts on it.
            | With the 30 watt charger and the cable from the box. | Battery settings are on auto.""",
    ),
    "phone/camera": topic(
        "product",
        (0.22, 0.46),
        tags="#camera | #photo",
        en="the camera | night mode | the zoom lens | the photos",
        es="la cámara | el modo noche | el zoom",
        de="die Kamera | der Nachtmodus | der Zoom",
        fr="l'appareil photo | le mode nuit | le zoom",
        pt="a câmera | o modo noturno | o zoom",
        ja="カメラ | 夜景モード | ズーム",
        negative="""
            the camera is terrible in the dark, every photo blurred | night mode ruined all my photos {time}
            | the lens scratched after {num} days, poor quality | selfies look horrible with this camera
            | the zoom is useless and the photos look ugly | camera keeps failing in the middle of a video""",
        neutral="""
            which lens do you use for portraits | took {num} photos with night mode {time}
            | the camera has {num} lenses and a zoom | how do I turn off the shutter sound of the camera
            | comparing photos from the {brand} camera and an old one | the zoom goes up to ten times""",
        positive="""
            the camera is stunning, look at this photo | night mode photos are beautiful {time}
            | love the zoom, perfect photos from the last row | best camera in any phone I had, great colours
            | portraits from my {brand} look wonderful | impressed by the camera, lovely photos of the lake""",
        details="""
            Taken at dusk, raw file. | Lens at three times zoom. | Photos are in the album.
            | Portrait mode, f/{num}. | Same street, two cameras.""",
    ),
    "phone/coverage": topic(
        "problem",
        (0.50, 0.20),
        tags="#coverage | #signal | #5G",
        en="the coverage | the signal | mobile data | the 5G network",
        es="la cobertura | la señal | la red móvil",
        de="der Empfang | das Netz | das mobile Internet",
        fr="la couverture | le réseau mobile | la 5G",
        pt="a cobertura | o sinal | a rede móvel",
        ja="電波 | 通信速度 | 回線",
        negative="""
            signal is terrible {place}, one bar at best | mobile data is painfully slow {time}, useless
            | calls keep dropping on the train, so annoying | coverage {place} is a disaster
            | {brand} signal is bad in the whole valley | the worst 5G network, pages fail to load""",
        neutral="""
            which network has 5G {place} | measured {num}0 megabits on mobile data {place}
            | how many bars do you get {place} | the coverage map of {brand} has a new colour for 5G
            | looking for a signal map of the valley | mobile data goes through a new mast {place}""",
        positive="""
            signal {place} is excellent now, full bars | 5G is wonderfully fast {time}
            | great coverage even in the mountains | finally good signal on the train, thank you {brand}
            | mobile data works perfectly {place} | impressed by the coverage along the coast""",
        details="""
            Two bars in the kitchen. | Measured on the train. | The mast is {mins} away on foot.
            | Same SIM, other phone. | Postcode area of the valley.""",
    ),
    "phone/billing": topic(
        "price",
        (0.58, 0.12),
        tags="#bill | #mobileplan",
        en="my bill | the invoice | the data plan | the monthly fee",
        es="mi factura | la cuota mensual | la tarifa",
        de="meine Rechnung | der Tarif | die Monatsgebühr",
        fr="ma facture | le forfait | l'abonnement",
        pt="a minha fatura | a mensalidade | o plano de dados",
        ja="請求書 | 料金プラン | 月額料金",
        negative="""
            my bill is {money} too high again, what a scam | overpriced plan and horrible hidden fees
            | the invoice is wrong {time} and they refuse to correct it | the monthly fee went up, shameful
            | {brand} took {money} twice from my account, that is robbery | angry about this ridiculous bill""",
        neutral="""
            my bill this month is {money} | which plan has {num}0 gigabytes | the invoice arrives on {day}
            | where do I see the monthly fee | the {brand} plan changes to {money} from {day}
            | moved from a yearly plan to a monthly one""",
        positive="""
            the new plan saves me {money} a month, great deal | fair price for {num}0 gigabytes, I am happy
            | best plan I ever had for {money} | the bill is finally clear and honest
            | good value, the {brand} family plan is excellent | love the cheaper plan {time}""",
        details="""
            Bill of {day}. | Contract since last spring. | Two lines on one invoice.
            | Paid by card. | Plan with {num}0 gigabytes.""",
    ),
    "phone/support": topic(
        "people",
        (0.50, 0.26),
        tags="#customerservice | #hotline",
        en="the hotline | customer service | the shop staff | the chat agent",
        es="la atención al cliente | el personal de la tienda | la línea de ayuda",
        de="die Hotline | der Kundendienst | das Personal im Laden",
        fr="le service client | la hotline | le vendeur en boutique",
        pt="o atendimento ao cliente | o pessoal da loja | a linha de apoio",
        ja="サポート窓口 | 店員さん | コールセンター",
        negative="""
            {mins} on hold with the hotline and then they hung up, awful | the agent was rude and useless
            | nobody at the hotline cares, horrible service | customer service lied to me {time}
            | {brand} chat is a joke, the agent just left | worst hotline ever, {num} calls and no answer""",
        neutral="""
            what are the hours of the hotline on {day} | the hotline called back after {mins}
            | spoke to a chat agent {time} | is there a shop with an agent {place}
            | the {brand} hotline asks for a customer code first | on hold with the hotline for {mins}""",
        positive="""
            the agent was so kind and solved it in {mins} | great service in the shop {place}, lovely people
            | impressed by the friendly hotline | thank you to the agent who fixed my line {time}
            | {brand} chat was helpful and polite | best customer service, answered in {mins}""",
        details="""
            Reference {ticket}. | Called at {hour}. | Hold music the whole time.
            | Spoke to two agents. | The shop {place}.""",
    ),
    "phone/app": topic(
        "problem",
        (0.44, 0.22),
        tags="#app | #login",
        en="the app | the login | the account page | the widget",
        es="la aplicación | el inicio de sesión | la página de mi cuenta",
        de="die App | die Anmeldung | das Kundenkonto",
        fr="l'application | la connexion au compte | l'espace client",
        pt="o aplicativo | o login | a página da conta",
        ja="アプリ | ログイン画面 | マイページ",
        negative="""
            the app crashes at login, so frustrating | the login code fails {time}, terrible app
            | the app is broken since the update | awful update, the app lost my settings
            | {brand} app is the worst, login error every day | the account page is useless on a phone""",
        neutral="""
            which version of the app do you have | the app asks for a login code {time}
            | where is the dark mode in the app | the {brand} app moved the data counter to the second page
            | the app update is {num}0 megabytes | login by code or by password""",
        positive="""
            the new app is great, login in a second | love the data counter in the app
            | the update made the app so much better | nice work, the app is beautiful now
            | the {brand} app is excellent, everything in one place | login with a fingerprint is brilliant""",
        details="""
            App version {num}.{num}. | Login on two devices. | Updated the app {time}.
            | Code by text message. | Cache wiped, same page.""",
    ),
    "phone/launch": topic(
        "news",
        (0.16, 0.46),
        tags="#foldable | #launch",
        en="the foldable | the new foldable phone | the launch event | the hinge",
        es="el teléfono plegable | la presentación | la bisagra",
        de="das Falthandy | die Vorstellung | das Scharnier",
        fr="le téléphone pliable | la présentation | la charnière",
        pt="o telefone dobrável | o lançamento | a dobradiça",
        ja="折りたたみスマホ | 発表会 | ヒンジ",
        negative="""
            the foldable is an ugly and overpriced toy | boring launch event, so disappointed by the foldable
            | the hinge of the foldable looks fragile and bad | {money} for a foldable is insane
            | the {brand} foldable failed in the first drop test | pre-order of the foldable is a mess""",
        neutral="""
            the foldable goes on sale on {day} | how thick is the foldable when closed
            | the launch event begins at {hour} | the {brand} foldable comes in {num} colours
            | pre-order for the foldable opens {time} | the hinge has {num} parts""",
        positive="""
            the foldable looks gorgeous, I want one | amazing launch event, the foldable is a beauty
            | impressed by the hinge of the foldable | excited for the foldable, ordered one {time}
            | the {brand} foldable is the best idea in years | held the foldable {place}, wonderful phone""",
        details="""
            Foldable in sand colour. | Watched the stream. | Hinge closes flat.
            | Shops open on {day}. | Specs from the launch page.""",
    ),
    "phone/roaming": topic(
        "price",
        (0.45, 0.22),
        tags="#roaming | #travelsim",
        en="roaming | the travel pass | data abroad | the roaming charge",
        es="el roaming | el bono de viaje | la tarifa en el extranjero",
        de="das Roaming | der Reisepass-Tarif | das Datenpaket im Ausland",
        fr="l'itinérance | le forfait voyage | les données à l'étranger",
        pt="o roaming | o passe de viagem | os dados no estrangeiro",
        ja="海外ローミング | 海外パス | 国際データ通信",
        negative="""
            roaming cost me {money} in {num} days, disgusting | the travel pass failed at the border, stranded
            | no data abroad for {num} days, terrible roaming | roaming fees are a scam
            | {brand} roaming is a nightmare abroad | hate these roaming charges on a ferry""",
        neutral="""
            is roaming on by default abroad | the travel pass has {num} gigabytes for {money}
            | does roaming work on a ferry | the {brand} travel pass starts at the border
            | roaming in {num} countries {time} | which travel pass for two weeks abroad""",
        positive="""
            roaming worked perfectly in {num} countries | the travel pass is great value for {money}
            | love that roaming is included abroad | smooth and easy, data abroad in a minute, thank you
            | {brand} roaming was excellent on our trip | happy with the travel pass {time}""",
        details="""
            On a ferry at the border. | Travel pass for a week. | Two countries in one day.
            | Phone set to roaming. | Text message at the border.""",
    ),
    "phone/repair": topic(
        "green",
        (0.24, 0.44),
        tags="#repair | #righttorepair",
        en="the repair programme | spare parts | the trade-in | recycled phones",
        es="el programa de reparación | la pieza de repuesto | el reciclaje de móviles",
        de="das Reparaturprogramm | das Ersatzteil | die Altgeräte-Rücknahme",
        fr="le programme de réparation | la pièce détachée | la reprise des anciens téléphones",
        pt="o programa de reparo | a peça de reposição | a reciclagem de celulares",
        ja="修理プログラム | 交換部品 | 下取り",
        negative="""
            spare parts cost more than the phone, ridiculous repair programme | glued screen again, a shame
            | the trade-in offer is an insult, {money} | the repair failed and they blame me
            | {brand} talks green and sells waste, hypocrites | poor repair, the screen broke again""",
        neutral="""
            the repair takes {num} days by post | which spare parts are in the repair kit
            | the trade-in counts the age of the phone | {brand} opens a repair counter {place}
            | sent two old phones to be recycled {time} | the repair guide has {num}0 pages""",
        positive="""
            repaired my own screen with the kit, so proud | love the repair programme, less waste
            | great trade-in, {money} for an old phone | recycled phones are a wonderful idea
            | {brand} spare parts are cheap now, excellent | thank you for a repair that works, old phone is happy""",
        details="""
            Repair kit by post. | Screen and back cover. | Old phone from a drawer.
            | Parts list on page {num}. | Counter {place}.""",
    ),
}

CRISES = {
    "phone/outage": topic(
        "problem",
        (0.85, 0.02),
        tags="#outage | #noservice",
        en="the outage | the nationwide outage | emergency calls | the dead network",
        es="el apagón de la red | la caída del servicio | la red caída",
        de="der Netzausfall | die bundesweite Störung | das tote Netz",
        fr="la panne nationale | la coupure du réseau | le réseau en panne",
        pt="o apagão da rede | a queda do serviço | a rede fora do ar",
        ja="全国的な通信障害 | 通信障害 | 圏外のままの回線",
        negative="""
            nationwide outage and emergency calls fail, this is a disaster | no service for {num} hours, unacceptable
            | the outage killed our whole workday, awful | phone stuck on no service since {hour}, I am furious
            | {brand} outage again and no word from them, pathetic | emergency calls dead in the outage, dangerous""",
        neutral="""
            is the outage over {place} | the outage began at {hour} | outage map: {num}0 towns {time}
            | {brand} says the outage is in a core router""",
        positive="""
            outage over {place}, great work by the engineers | service is back after the outage, thank you""",
        details="""
            Outage since {hour}. | Core router, they say. | Landline works.
            | Zero bars {place}. | Outage page does not load.""",
    ),
    "phone/double_billing": topic(
        "price",
        (0.85, 0.02),
        tags="#doublebilled | #debit",
        en="the double debit | the duplicate debit | the wrong debit | the debit error",
        es="el cobro duplicado | el doble cargo | el error de cobro",
        de="die doppelte Abbuchung | der Abbuchungsfehler | die falsche Lastschrift",
        fr="le double prélèvement | l'erreur de prélèvement | le débit en double",
        pt="a cobrança dupla | o débito em duplicado | o erro de cobrança",
        ja="二重請求 | 二重引き落とし | 誤請求",
        negative="""
            debited twice this month, {money} stolen from my account | double debit and my rent failed, furious
            | the duplicate debit put me in overdraft, terrible | two debits, one plan, what a scam
            | {brand} double debit is theft | the debit error ruined my week and nobody answers""",
        neutral="""
            how many of you have two debits | the second debit is from {hour} | bank says the debit came twice
            | {brand} wrote about the duplicate debit {time}""",
        positive="the double debit came back {time}, good | they returned the debit with an honest apology",
        details="""
            Two debits of {money}. | Bank statement of {day}. | Overdraft since the debit.
            | Same reference twice. | Asked the bank.""",
    ),
}
