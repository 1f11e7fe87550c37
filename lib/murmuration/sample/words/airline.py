"""An airline."""

from murmuration.sample.words.parts import topic

TOPICS = {
    "airline/delay": topic(
        "problem",
        (0.66, 0.08),
        tags="#flightstatus | #departures",
        en="the delay | the late departure | the departure board | the connection",
        es="el retraso | la salida del vuelo | la conexión",
        de="die Verspätung | der Abflug | der Anschlussflug",
        fr="le retard | le départ du vol | la correspondance",
        pt="o atraso | a partida do voo | a conexão",
        ja="遅延 | 出発時刻 | 乗り継ぎ便",
        negative="""
            flight {flight} delayed by {mins}, no info, awful | missed my connection because of the delay, furious
            | {num} hours at the gate, terrible delay | third delay {time}, so frustrating
            | {brand} delay again, worst airline | stuck on the tarmac for {mins}, horrible""",
        neutral="""
            flight {flight} departs at {hour} | the departure board says gate {num}
            | what time does {flight} land {place} | {brand} moved flight {flight} to {hour}
            | {mins} until departure at gate {num} | my connection {place} is {mins}""",
        positive="""
            flight {flight} left on time, great | early arrival {place}, so happy
            | pilot made up {mins}, brilliant | the connection waited for us, thank you
            | {brand} was perfectly on time {time} | best punctual flight in months, lovely""",
        details="""
            Flight {flight}, gate {num}. | Board says {hour}. | Connection {place}.
            | On the tarmac. | Slot at {hour}.""",
    ),
    "airline/luggage": topic(
        "problem",
        (0.58, 0.14),
        tags="#luggage | #suitcase",
        en="my suitcase | the luggage belt | the cabin bag | the bag tag",
        es="mi maleta | la cinta de equipaje | el equipaje de mano",
        de="mein Koffer | das Gepäckband | das Handgepäck",
        fr="ma valise | le tapis à bagages | le bagage cabine",
        pt="a minha mala | a esteira de bagagem | a bagagem de mão",
        ja="スーツケース | 手荷物 | 荷物のベルト",
        negative="""
            my suitcase arrived broken, {brand} refuses to pay | {mins} at the luggage belt and no bag, awful
            | they lost my suitcase {time}, terrible | the bag fee of {money} at the gate is a scam
            | {brand} damaged my suitcase again | angry, the stroller was ruined in the hold""",
        neutral="""
            a cabin bag may weigh {num} kilos | suitcases of flight {flight} are on belt {num}
            | how big is a cabin bag | {brand} prints the bag tag at the counter
            | bag tag {ticket} on a blue suitcase | the suitcase weighs {num}0 kilos""",
        positive="""
            suitcase first on the belt, wonderful | they found my suitcase and delivered it, so kind
            | free cabin bag for families, great | love the bag tracker, it works perfectly
            | {brand} delivered my suitcase in {mins}, impressive | happy, all bags arrived safe""",
        details="""
            Blue suitcase, tag {ticket}. | Belt {num}. | Weighs {num}0 kilos.
            | Cabin bag under the seat. | Form at the counter.""",
    ),
    "airline/crew": topic(
        "people",
        (0.20, 0.58),
        tags="#cabincrew",
        en="the cabin crew | the flight attendant | the pilot | the ground staff",
        es="la tripulación | la azafata | el piloto",
        de="die Kabinencrew | die Flugbegleiterin | der Pilot",
        fr="l'équipage | l'hôtesse de l'air | le pilote",
        pt="a tripulação | a comissária de bordo | o piloto",
        ja="客室乗務員 | パイロット | 地上スタッフ",
        negative="""
            the flight attendant was rude to my mother, awful | cabin crew ignored us for {mins}, terrible
            | ground staff {place} shouted at passengers, horrible | unfriendly crew on {flight}, never smiled
            | {brand} crew was rude {time} | the purser lied to us, shameful""",
        neutral="""
            the crew of {flight} changed {place} | {num} flight attendants on board
            | the pilot spoke about the route at {hour} | {brand} trains cabin crew {place}
            | cabin crew in blue uniforms {time} | the flight attendant counted the rows""",
        positive="""
            the cabin crew on {flight} was wonderful | kind flight attendant helped with my baby, thank you
            | the pilot told jokes, best crew ever | lovely ground staff {place}, so patient
            | {brand} crew are the friendliest | amazing crew, they calmed a scared kid""",
        details="""
            Row {num}, flight {flight}. | Crew of {num}. | Purser at the door.
            | Uniforms in blue. | Counter {place}.""",
    ),
    "airline/legroom": topic(
        "product",
        (0.48, 0.24),
        tags="#legroom | #windowseat",
        en="the legroom | the seat | the armrest | the exit row",
        es="el espacio para las piernas | el asiento | el reposabrazos",
        de="die Beinfreiheit | der Sitz | die Armlehne",
        fr="l'espace pour les jambes | le siège | l'accoudoir",
        pt="o espaço para as pernas | o assento | o apoio de braço",
        ja="足元のスペース | 座席 | 肘掛け",
        negative="""
            no legroom at all, knees hurt for {num} hours, awful | broken seat in row {num}, terrible
            | they sold my seat twice, ridiculous | seats as hard as a bench, painful
            | {brand} seats are horrible on {flight} | dirty seat and a broken armrest, disgusting""",
        neutral="""
            how many centimetres of legroom are in row {num} | seat {num}A is at the window
            | the exit row on {flight} is row {num} | {brand} fits new seats in {num} planes
            | window or aisle for {num} hours | the armrest folds up in row {num}""",
        positive="""
            so much legroom in the exit row, great | comfortable seat, slept for {num} hours, perfect
            | lovely window seat over the Alps | the new seats are excellent
            | {brand} legroom is the best I had | happy knees, the exit row is wonderful""",
        details="""
            Row {num}, window. | {num} hours in the air. | Seat {num}C.
            | I am two metres tall. | Aisle on the way back.""",
    ),
    "airline/food": topic(
        "product",
        (0.40, 0.34),
        tags="#inflightmeal",
        en="the meal on board | the sandwich | the vegan meal | the snack box",
        es="la comida a bordo | el bocadillo | el menú vegano",
        de="das Essen an Bord | das Sandwich | das vegane Menü",
        fr="le repas à bord | le sandwich | le plateau végétalien",
        pt="a refeição a bordo | o sanduíche | a refeição vegana",
        ja="機内食 | サンドイッチ | ビーガンメニュー",
        negative="""
            the meal on board was disgusting, cold pasta | {money} for a sad sandwich, ridiculous
            | no vegan meal on {flight}, terrible | the snack box made me sick
            | {brand} food is horrible | stale bread and a bitter juice, awful meal""",
        neutral="""
            is there a vegan meal on {flight} | the snack box holds {num} things
            | pasta or rice in row {num} | {brand} serves the meal after {mins}
            | the sandwich on board is {money} | ordered the vegan meal {time}""",
        positive="""
            the meal on board was delicious | best vegan meal I had in the air, thank you
            | love the snack box with local cheese | great sandwich on {flight}, really fresh
            | {brand} food is surprisingly good | the pasta was excellent, happy passenger""",
        details="""
            Pasta, row {num}. | Vegan, ordered before. | Snack box for {money}.
            | Tea after {mins}. | Menu card in the seat pocket.""",
    ),
    "airline/checkin": topic(
        "problem",
        (0.46, 0.24),
        tags="#checkin | #boardingpass",
        en="the check-in | the boarding pass | the kiosk | the boarding queue",
        es="la facturación | la tarjeta de embarque | el quiosco",
        de="der Check-in | die Bordkarte | der Automat am Flughafen",
        fr="l'enregistrement | la carte d'embarquement | la borne de l'aéroport",
        pt="o check-in | o cartão de embarque | o totem do aeroporto",
        ja="チェックイン | 搭乗券 | 自動チェックイン機",
        negative="""
            the check-in kiosk ate my passport, awful | boarding pass error {time}, {mins} wasted
            | online check-in crashes at the last step, terrible | chaos at boarding, worst queue ever
            | {brand} check-in is a disaster | paid {money} for a printed boarding pass, ridiculous""",
        neutral="""
            check-in opens at {hour} for {flight} | where do I get a printed boarding pass
            | the kiosk asks for the booking code {ticket} | {brand} opens check-in {num}0 hours ahead
            | boarding group {num} for {flight} | the boarding pass is in my mail""",
        positive="""
            check-in in {mins}, brilliant | the new kiosk is great, so simple
            | love the boarding pass on my watch | smooth boarding on {flight}, well done
            | {brand} check-in was perfect | easy check-in with two kids, thank you""",
        details="""
            Booking {ticket}. | Kiosk {num} {place}. | Boarding group {num}.
            | Passport in the bag. | Counter opens at {hour}.""",
    ),
    "airline/refund": topic(
        "price",
        (0.64, 0.12),
        tags="#refund",
        en="my refund | the refund form | the voucher | the compensation",
        es="mi reembolso | el formulario de reembolso | la indemnización",
        de="meine Erstattung | das Erstattungsformular | die Entschädigung",
        fr="mon remboursement | le formulaire de remboursement | l'indemnisation",
        pt="o meu reembolso | o formulário de reembolso | a indenização",
        ja="返金 | 返金フォーム | 補償金",
        negative="""
            {num} months without my refund, shameful | refund denied by a robot, terrible
            | they offer a worthless voucher, what a scam | the refund form fails at page {num}, awful
            | {brand} owes me {money}, thieves | liars, no compensation after {num} mails""",
        neutral="""
            how long does a refund take | the refund form asks for the booking code {ticket}
            | refund of {money} requested {time} | {brand} pays refunds to the card
            | a voucher or a refund for {money} | compensation rules begin at {num} hours""",
        positive="""
            refund of {money} in {num} days, great | fair compensation, I am happy
            | thank you for the quick refund | the refund form is easy now, excellent
            | {brand} paid my refund without a fight, respect | good news, {money} back""",
        details="""
            Case {ticket}. | Form sent on {day}. | Refund of {money}.
            | Voucher until {day}. | Bank says not yet.""",
    ),
    "airline/rebooking": topic(
        "problem",
        (0.52, 0.18),
        tags="#rebooking",
        en="the rebooking | the changed itinerary | the rebooking desk | the new routing",
        es="el cambio de reserva | el nuevo itinerario | el mostrador de cambios",
        de="die Umbuchung | die neue Reiseroute | der Umbuchungsschalter",
        fr="le changement de réservation | le nouvel itinéraire | le guichet de modification",
        pt="a remarcação | o novo itinerário | o balcão de remarcação",
        ja="予約変更 | 新しい旅程 | 振替便",
        negative="""
            rebooked me via {num} airports, insane | the rebooking desk is a nightmare, {mins} in line
            | the itinerary changed without asking, angry | rebooking fee of {money}, disgusting
            | {brand} rebooked us on separate planes, awful | lost two days by this stupid rebooking""",
        neutral="""
            rebooked from {flight} to {flight} | the rebooking desk {place} opens at {hour}
            | how often may I change the itinerary | {brand} shows the new routing under {ticket}
            | rebooking for {num} people {time} | the new itinerary goes through {num} airports""",
        positive="""
            rebooked in {mins}, brilliant work | the rebooking desk gave us a better flight, so happy
            | easy to change the itinerary, great | thank you for rebooking my mother {time}
            | {brand} rebooked us for free, wonderful | the new routing is perfect""",
        details="""
            From {flight} to {flight}. | Desk {place}. | Itinerary {ticket}.
            | Two people, one booking. | Line of {mins}.""",
    ),
    "airline/route": topic(
        "news",
        (0.12, 0.50),
        tags="#newroute | #nonstop",
        en="the new route | the nonstop flight | the night flight | the summer timetable",
        es="la nueva ruta | el vuelo directo | el horario de verano",
        de="die neue Strecke | der Direktflug | der Sommerflugplan",
        fr="la nouvelle liaison | le vol direct | le programme d'été",
        pt="a nova rota | o voo direto | a malha de verão",
        ja="新路線 | 直行便 | 夏ダイヤ",
        negative="""
            the new nonstop route killed our regional line, sad | night flights over our roofs, terrible noise
            | the nonstop costs {money}, absurd | bad timetable, the new route lands at midnight, useless
            | {brand} cut our town from the timetable, shame | disappointed, the nonstop runs once a week""",
        neutral="""
            the nonstop to Reykjavik starts on {day} | how long is the nonstop flight
            | the summer timetable has {num} new routes | {brand} flies nonstop from {day}
            | night flight {flight} takes {num} hours | nonstop on {day} and back {num} days later""",
        positive="""
            a nonstop to Reykjavik, I am so excited | the new route is wonderful news
            | booked the nonstop for {money}, great | love the night flight, woke up in the sun
            | {brand} brings back the nonstop, best news {time} | happy about the summer timetable""",
        details="""
            Nonstop, {num} times a week. | Timetable of {day}. | Night flight {flight}.
            | From runway {num}. | Map on the route page.""",
    ),
    "airline/carbon": topic(
        "green",
        (0.44, 0.26),
        tags="#carbon | #climate",
        en="the carbon offset | the emissions report | the biofuel | the climate plan",
        es="la compensación de carbono | el informe de emisiones | el biocombustible",
        de="der CO2-Ausgleich | der Emissionsbericht | der Biosprit",
        fr="la compensation carbone | le rapport d'émissions | le biocarburant",
        pt="a compensação de carbono | o relatório de emissões | o biocombustível",
        ja="カーボンオフセット | 排出量の報告 | バイオ燃料",
        negative="""
            carbon offset is greenwashing, shameful | empty planes in the air, disgusting emissions
            | the climate plan is a joke, more emissions every year | fake forests, the offset is a fraud
            | {brand} emissions are a disgrace | angry about biofuel lies""",
        neutral="""
            the carbon offset for {flight} is {money} | how many tons of emissions per seat
            | the emissions report has {num}0 pages | {brand} mixes {num} percent biofuel from {day}
            | which forest does the carbon offset plant | biofuel tanks {place} are filled {time}""",
        positive="""
            {num}0 percent less emissions, impressive | love that they fly with biofuel, great step
            | the climate plan is honest and good | proud of the airline that cuts emissions
            | {brand} biofuel flight is a wonderful start | excellent emissions report, clear and true""",
        details="""
            Emissions report, page {num}. | {num} percent biofuel. | Offset of {money}.
            | Tons per seat. | Figures by year.""",
    ),
}

CRISES = {
    "airline/it_meltdown": topic(
        "problem",
        (0.88, 0.01),
        tags="#grounded | #systemdown",
        en="the grounded fleet | the computer meltdown | the mass cancellations | the stranded passengers",
        es="la cancelación masiva | la flota en tierra | la caída del sistema",
        de="der Systemausfall | die Massenstornierung | die Flotte am Boden",
        fr="l'annulation massive | la flotte clouée au sol | la panne informatique",
        pt="o cancelamento em massa | a frota parada | a pane do sistema",
        ja="システム障害による欠航 | 大量欠航 | 全便運休",
        negative="""
            whole fleet grounded, sleeping on the airport floor, awful | all flights cancelled, total chaos
            | computer meltdown and no staff, pathetic | stranded with {num} kids, no hotel, furious
            | {brand} cancelled everything and ran away | grounded for {num} hours, a disgrace""",
        neutral="""
            is the fleet still grounded {place} | computers went down at {hour}
            | {num}0 flights are off the board | {brand} speaks about the grounded fleet at {hour}""",
        positive="first plane took off after the meltdown, finally good news",
        details="""
            Airport floor {place}. | Board is black. | Computers down since {hour}.
            | Fleet of {num}0 planes. | Cots at gate {num}.""",
    ),
    "airline/dog_incident": topic(
        "people",
        (0.86, 0.01),
        tags="#justiceforbruno | #dogincident",
        en="the dog Bruno | the dog in the hold | the dog incident | what happened to Bruno",
        es="el perro Bruno | el perro en la bodega | el caso del perro",
        de="der Hund Bruno | der Hund im Frachtraum | der Fall Bruno",
        fr="le chien Bruno | le chien en soute | l'affaire du chien",
        pt="o cachorro Bruno | o cachorro no porão | o caso do cachorro",
        ja="犬のブルーノ | 貨物室の犬 | ブルーノ事件",
        negative="""
            a dog left to suffer in the hold, cruel monsters | poor Bruno, I am crying, unforgivable
            | Bruno was hurt and they laughed, disgusting | they lost a dog, heartless people
            | {brand} and the dog Bruno, pure evil | boycott for Bruno, this is animal abuse""",
        neutral="""
            who was on the plane with Bruno | Bruno is a brown dog of {num} years
            | a vet saw Bruno at {hour} | {brand} talks to the owner of Bruno {time}""",
        positive="Bruno is home and happy, thank you to everyone",
        details="""
            Bruno, {num} years. | Dog box in the hold. | Vet {place}.
            | Video of {num}0 seconds. | Owner speaks at {hour}.""",
    ),
}
