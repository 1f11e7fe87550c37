"""Shared bicycles in the city."""

from murmuration.sample.words.parts import topic

TOPICS = {
    "bikes/condition": topic(
        "problem",
        (0.56, 0.16),
        tags="#brokenbike | #bikecheck",
        en="the brakes | the saddle | the gears | the tyres",
        es="el freno | el sillín | el neumático",
        de="die Bremse | der Sattel | der Reifen",
        fr="le frein | la selle | le pneu",
        pt="o freio | o selim | o pneu",
        ja="ブレーキ | サドル | タイヤ",
        negative="""
            the brakes failed on a hill, scary and dangerous | saddle broken, gears stuck, terrible bike
            | third flat tyre {time}, so annoying | the chain came off and ruined my trousers
            | {brand} bikes {place} are in awful shape | rusty gears, ugly noise, worst ride ever""",
        neutral="""
            how do I raise the saddle | the gears go from one to {num} | the tyres were pumped {time}
            | {brand} mechanics check the brakes on {day} | bike {ticket} has the saddle of a small bike
            | which bolt holds the saddle""",
        positive="""
            the brakes are excellent after the service | comfortable saddle and smooth gears, great bike
            | love the new tyres, a wonderful ride {time} | the mechanic {place} fixed my saddle, so kind
            | {brand} bikes are in perfect shape {place} | such a good bike, gears like butter""",
        details="""
            Bike {ticket}. | Saddle at the bottom mark. | Chain on the left.
            | Front tyre, not the back one. | Mechanics come on {day}.""",
    ),
    "bikes/docks": topic(
        "problem",
        (0.52, 0.16),
        tags="#docks | #station",
        en="the docking station | the docks | the bike station | the station map",
        es="la estación de bicis | el anclaje | la estación vacía",
        de="die Station | der Stellplatz | die leere Station",
        fr="la station | la borne | la station vide",
        pt="a estação de bicicletas | a vaga | a estação vazia",
        ja="ポート | 返却ステーション | 空のステーション",
        negative="""
            every dock {place} is full, late for work, so angry | empty station again, useless
            | the dock did not lock and they fined me {money}, unfair | the station map is wrong, terrible
            | {brand} docks {place} are a disaster | stuck with a bike and no dock for {mins}, awful""",
        neutral="""
            how many docks are there {place} | the station {place} has {num}0 docks
            | station {ticket} moved across the street {time} | {brand} builds a station {place}
            | {num} bikes left at the station at {hour} | which station has docks near the river""",
        positive="""
            a new station right at my door, so happy | always a dock {place}, great
            | love the bigger station {place} | the station map works perfectly {time}
            | {brand} doubled the docks {place}, brilliant | nice, {num} free docks at {hour}""",
        details="""
            Station {ticket}. | {num} docks, one bike. | Next station is {mins} on foot.
            | Station map at {hour}. | Dock by the bridge.""",
    ),
    "bikes/unlock": topic(
        "problem",
        (0.48, 0.22),
        tags="#unlock | #qrcode",
        en="the unlock code | the QR code | the scanner | the lock",
        es="el código de desbloqueo | el candado | el código QR",
        de="der Entsperrcode | das Schloss | der QR-Code",
        fr="le code de déverrouillage | le cadenas | le QR code",
        pt="o código de desbloqueio | o cadeado | o código QR",
        ja="解錠コード | 鍵 | スマートロック",
        negative="""
            the QR code fails in the rain, useless | could not unlock a bike for {mins}, so frustrating
            | the lock jammed and the meter ran, awful | the unlock code is broken {time}
            | {brand} scanner crashes at every lock, terrible | bad lock, wrong code, missed my meeting""",
        neutral="""
            the unlock code has {num} digits | where is the QR code on the new bikes
            | scanned bike {ticket} {time} | {brand} sends the unlock code by text message
            | does the lock work without data | the lock blinks {num} times""",
        positive="""
            unlock in a second, brilliant | the new QR scanner is great, even at night
            | I love the tap to unlock, so easy | the lock works perfectly now
            | {brand} fixed the scanner, thank you | impressive, unlocked {num} bikes for friends in a minute""",
        details="""
            QR code on the frame. | Lock blinks red. | Bluetooth was on.
            | Code {ticket}. | Scanned twice.""",
    ),
    "bikes/pass": topic(
        "price",
        (0.48, 0.24),
        tags="#yearpass | #bikepass",
        en="the year pass | the day pass | the fee per minute | the student pass",
        es="el abono anual | el pase diario | la tarifa por minuto",
        de="das Jahresabo | die Tageskarte | der Minutenpreis",
        fr="l'abonnement annuel | le pass journée | le prix à la minute",
        pt="o passe anual | o passe diário | a tarifa por minuto",
        ja="年間パス | 一日パス | 分単位の料金",
        negative="""
            the year pass went up by {money}, shameful | fee per minute is a rip-off, I hate it
            | the day pass renewed itself, what a scam | no refund for my year pass, terrible
            | {brand} fees are ridiculous, {money} for {mins} | they killed the student pass, so unfair""",
        neutral="""
            the day pass is {money} {place} | how long is a ride with the year pass
            | the year pass runs until {day} | {brand} lists the fee per minute on page {num}
            | student pass or day pass for {num} days | the pass counts from midnight""",
        positive="""
            the year pass pays off, best {money} I spent | great price for the student pass
            | love the day pass, {num} rides for {money} | year pass renewed, happy rider
            | {brand} made the first {mins} free, wonderful | fair fee per minute, good deal""",
        details="""
            Year pass since spring. | {mins} per ride. | Fee of {money}.
            | Day pass from midnight. | Student card shown.""",
    ),
    "bikes/ebike": topic(
        "product",
        (0.22, 0.50),
        tags="#ebike | #electric",
        en="the e-bike | the electric motor | the e-bike range | the pedal motor",
        es="la bici eléctrica | el motor eléctrico | la autonomía",
        de="das E-Bike | der Elektromotor | die Reichweite",
        fr="le vélo électrique | le moteur électrique | l'autonomie",
        pt="a bicicleta elétrica | o motor elétrico | a autonomia",
        ja="電動自転車 | 電動アシスト | 航続距離",
        negative="""
            the e-bike motor quit uphill, terrible | e-bike at {num} percent, useless after {mins}
            | the e-bike is heavy and scary in traffic | the boost mode failed, so disappointed
            | {brand} e-bikes {place} are always empty, pathetic | the motor makes a horrible noise""",
        neutral="""
            how far does an e-bike go on one charge | e-bikes {place} have a range of {num}0 kilometres
            | the turbo level ends at {num}0 percent | {brand} swaps e-bike batteries at {hour}
            | rode an e-bike up the hill {time} | the motor pauses at 25 kilometres per hour""",
        positive="""
            the e-bike is pure joy, uphill like a rocket | love the electric boost, no sweat
            | best e-bike in town, {num} kilometres in {mins} | the motor is quiet and strong, great
            | {brand} e-bikes are amazing | so much fun on an e-bike {time}""",
        details="""
            Motor level three. | Uphill for {mins}. | Range says {num}0 kilometres.
            | Motor at level {num}. | E-bike {ticket}.""",
    ),
    "bikes/lanes": topic(
        "talk",
        (0.40, 0.30),
        tags="#bikelane | #cycling",
        en="the bike lane | the cycle path | the crossing | the river route",
        es="el carril bici | el cruce | la ruta del río",
        de="der Radweg | die Kreuzung | die Strecke am Fluss",
        fr="la piste cyclable | le carrefour | la route du fleuve",
        pt="a ciclovia | o cruzamento | a rota do rio",
        ja="自転車レーン | 交差点 | 川沿いのルート",
        negative="""
            cars parked on the bike lane again, dangerous | the cycle path ends in a wall, stupid
            | nearly killed at the crossing {place}, awful | glass all over the bike lane {time}, terrible
            | the {brand} route leads through the worst crossing | hate this narrow bike lane""",
        neutral="""
            which bike lane goes to the river | the cycle path {place} is {num} kilometres long
            | counted {num}0 riders in the bike lane {time} | {brand} draws bike lanes on its map
            | the crossing {place} gets a bike light on {day} | roadworks on the cycle path until {day}""",
        positive="""
            the new bike lane {place} is wonderful | lovely ride along the river route {time}
            | great cycle path, wide and calm | so happy about the bike light at the crossing
            | thank you city and {brand} for the bike lane | best commute ever, bike lane all the way""",
        details="""
            Along the river. | Lane on both sides. | Between the bridge and the park.
            | {num} kilometres one way. | Crossing {place}.""",
    ),
    "bikes/helmets": topic(
        "talk",
        (0.32, 0.34),
        tags="#helmet | #ridesmart",
        en="the helmet rule | the helmet box | the reflective vest | the riding course",
        es="el casco | la norma del casco | el chaleco reflectante",
        de="die Helmpflicht | die Helmbox | die Warnweste",
        fr="le casque | la règle du casque | le gilet réfléchissant",
        pt="o capacete | a regra do capacete | o colete refletor",
        ja="ヘルメット | ヘルメットの義務 | 反射ベスト",
        negative="""
            the helmet rule is stupid, nobody carries a helmet | helmet box empty and dirty {time}, gross
            | the helmet strap broke, dangerous | fined {money} without a helmet, ridiculous
            | {brand} helmets smell disgusting | the riding course was a waste of {mins}""",
        neutral="""
            is a helmet required {place} | the helmet box opens with code {ticket}
            | helmet size medium or large | {brand} hands out reflective vests {place} on {day}
            | the riding course takes {mins} | one helmet per bike from {day}""",
        positive="""
            the helmet saved my head, so grateful | free helmets {place}, great idea
            | love the bright reflective vest | the riding course was fun, lovely teachers
            | {brand} helmet box is a brilliant thing | happy that my kids wear a helmet now""",
        details="""
            Helmet in size medium. | Box by the station. | Vest over the coat.
            | Course on {day}. | Strap under the chin.""",
    ),
    "bikes/theft": topic(
        "problem",
        (0.58, 0.10),
        tags="#biketheft | #vandalism",
        en="bike theft | the vandalism | the slashed saddles | the police report",
        es="el robo de bicis | el vandalismo | la denuncia",
        de="der Fahrraddiebstahl | der Vandalismus | die Anzeige bei der Polizei",
        fr="le vol de vélos | le vandalisme | la plainte à la police",
        pt="o roubo de bicicletas | o vandalismo | o boletim de ocorrência",
        ja="自転車の盗難 | いたずら | 被害届",
        negative="""
            bike stolen while I bought bread, they want {money}, awful | slashed saddles all over, sad vandals
            | thieves again {place}, {num} bikes gone, horrible | blamed for a theft I reported, shameful
            | {brand} charges me {money} for a stolen bike | bikes thrown in the river, disgusting""",
        neutral="""
            police counted {num}0 bikes in the canal | where do I file a police report {place}
            | the police report has the code {ticket} | {brand} bikes carry a tracker under the frame
            | the canal {place} was searched on {day} | the tracker sent a position at {hour}""",
        positive="""
            police found my bike thanks to the tracker, great | {brand} waived the theft fee, so kind
            | fewer thefts with the new lock, excellent | neighbours saved {num} bikes from the canal, heroes""",
        details="""
            Police report {ticket}. | Tracker under the frame. | Canal {place}.
            | Seen at {hour}. | Frame sprayed black.""",
    ),
    "bikes/expansion": topic(
        "news",
        (0.16, 0.46),
        tags="#cargobike | #newcity",
        en="the cargo bikes | the cargo bike pilot | the new district | the suburb rollout",
        es="la bici de carga | la prueba piloto | el nuevo barrio",
        de="das Lastenrad | das Pilotprojekt | der neue Stadtteil",
        fr="le vélo cargo | le projet pilote | le nouveau quartier",
        pt="a bicicleta de carga | o projeto piloto | o novo bairro",
        ja="カーゴバイク | 実証実験 | 新エリア",
        negative="""
            cargo bikes block the pavement, awful | the cargo bike pilot is a mess {time}
            | cargo bike tipped over with my shopping, terrible | they forgot our suburb again, disappointed
            | {brand} cargo bikes are absurd, {money} an hour | ugly cargo bikes in front of my window""",
        neutral="""
            cargo bikes arrive {place} on {day} | the cargo bike carries {num}0 kilos
            | which suburb gets cargo bikes next | {brand} begins the cargo bike pilot with {num}0 bikes
            | two crates go in the cargo bike | the pilot runs until {day}""",
        positive="""
            moved my whole flat by cargo bike, amazing | cargo bikes in our suburb, I am so excited
            | the cargo bike is a great idea for families | love the cargo bike, kids laughing all the way
            | {brand} comes to our district, wonderful news | cargo bike pilot is a success {place}""",
        details="""
            Two crates and a plant. | Cargo bike {ticket}. | Pilot in {num} districts.
            | Box in front. | Suburb line on the map.""",
    ),
    "bikes/winter": topic(
        "product",
        (0.38, 0.28),
        tags="#winterbike | #ice",
        en="the winter tyres | the handlebar heaters | the gritted path | the snow break",
        es="el neumático de invierno | el manillar térmico | la pausa por nieve",
        de="der Winterreifen | die Griffheizung | die Schneepause",
        fr="le pneu d'hiver | le guidon chauffant | la pause neige",
        pt="o pneu de inverno | o guidão aquecido | a pausa da neve",
        ja="冬用タイヤ | ハンドルウォーマー | 雪の休業",
        negative="""
            no winter tyres on ice, I fell badly | frozen locks and icy saddles {time}, miserable
            | the snow break came without warning, annoying | handlebar warmers are broken, horrible
            | {brand} in snow is dangerous | slipped on ice {place}, hurt my knee, awful""",
        neutral="""
            winter tyres are on {num}0 bikes | the snow break ends on {day}
            | minus {num} degrees on the bridge at {hour} | {brand} mounts winter tyres {place}
            | is the path along the river gritted | handlebar heaters in the side box""",
        positive="""
            winter tyres hold perfectly on snow, great | handlebar warmers are heaven {time}
            | love a quiet ride in the snow | thanks for gritting the path, brilliant
            | {brand} winter tyres are excellent | beautiful icy morning on a bike, so happy""",
        details="""
            Minus {num} degrees. | Snow on the bridge. | Studs on the tyres.
            | Gloves on. | Gritted at {hour}.""",
    ),
}

CRISES = {
    "bikes/brake_recall": topic(
        "problem",
        (0.84, 0.02),
        tags="#recall | #brakefailure",
        en="the recall | the brake recall | the accident reports | the recalled bikes",
        es="la retirada por los frenos | el accidente por los frenos | la bici retirada",
        de="der Bremsenrückruf | der Unfallbericht | der Rückruf",
        fr="le rappel des freins | l'accident de freins | le rappel des vélos",
        pt="o recall dos freios | o acidente dos freios | a bicicleta recolhida",
        ja="ブレーキのリコール | リコール | 事故の報告",
        negative="""
            recall after a crash that injured a child, horrible | they knew about the brakes before the recall, evil
            | recalled bikes still on the street, dangerous | {num}0 injured before the recall, shameful
            | {brand} hid the accident reports, disgusting | brake recall and nobody warned us, furious""",
        neutral="""
            which series does the recall concern | the recall covers bikes built before {day}
            | recalled bikes are collected {place} | {brand} lists the recalled bikes on page {num}""",
        positive="recall done {place} in {mins}, good work by the mechanics",
        details="""
            Recall notice of {day}. | Series {ticket}. | Accident on the hill.
            | Collected by truck. | List of the recalled series.""",
    ),
    "bikes/data_leak": topic(
        "problem",
        (0.86, 0.01),
        tags="#dataleak | #privacy",
        en="the data leak | the leaked ride logs | the hacked database | the leaked passwords",
        es="la filtración de datos | la base de datos hackeada | la contraseña filtrada",
        de="das Datenleck | die gehackte Datenbank | das geleakte Passwort",
        fr="la fuite de données | la base piratée | le mot de passe volé",
        pt="o vazamento de dados | o banco de dados invadido | a senha vazada",
        ja="個人情報の流出 | データ漏えい | 流出したパスワード",
        negative="""
            data leak: strangers know my home address, scary | my ride logs leaked, I feel violated and angry
            | leaked passwords in plain text, incompetent fools | hackers sell our ride logs, terrifying
            | {brand} data leak and they lied about it | delete my account, this leak is a disgrace""",
        neutral="""
            is my account in the data leak | the leaked file has {num}0 columns
            | passwords reset at {hour} after the hack | {brand} writes to riders about the database {time}""",
        positive="they handled the data leak with honest answers, respect",
        details="""
            Ride logs of {num} months. | Password reset at {hour}. | File on a forum.
            | Mail of {day}. | Database dump.""",
    ),
}
