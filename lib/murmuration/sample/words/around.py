"""What is said around the brands: everyday chatter, and advertising that nobody asked for."""

from murmuration.sample.words.parts import topic

CHATTER = {
    "chatter/weather": topic(
        "talk",
        (0.30, 0.35),
        tags="#weather | #rain",
        en="the rain | the forecast | the fog | the sunset",
        es="la lluvia | el pronóstico | la niebla",
        de="der Regen | die Wettervorhersage | der Nebel",
        fr="la pluie | la météo | le brouillard",
        pt="a chuva | a previsão do tempo | a neblina",
        ja="雨 | 天気予報 | 霧",
        negative="rain all week, miserable | horrible fog {place} | this storm ruined our trip, awful | hate this grey sky",
        neutral="""
            rain from {hour} {place} | {num} degrees on the balcony | fog over the river {time}
            | the forecast for {day} says clouds""",
        positive="what a beautiful sunset {time} | lovely sun {place} | perfect weather on {day} | love the snow outside",
        details="Umbrella by the door. | {num} degrees {place}. | Clouds from the west. | Window open.",
    ),
    "chatter/football": topic(
        "talk",
        (0.34, 0.38),
        tags="#football | #matchday",
        en="the match | the referee | the second half | the midfield",
        es="el partido | el árbitro | la segunda parte",
        de="das Spiel | der Schiedsrichter | die zweite Halbzeit",
        fr="le match | l'arbitre | la deuxième mi-temps",
        pt="o jogo | o árbitro | o segundo tempo",
        ja="試合 | 審判 | 後半戦",
        negative="terrible referee, we got robbed | worst match of the season | awful defence, lost again | sad day for our club",
        neutral="""
            kickoff at {hour} {place} | {num} to {num} at half time | which midfield on {day}
            | the coach named {num} goalkeepers""",
        positive="what a goal, brilliant match | we won {num} to nothing, so happy | amazing save | love this team",
        details="Row {num} in the stand. | Radio on. | Away game. | Extra time.",
    ),
    "chatter/cooking": topic(
        "talk",
        (0.16, 0.52),
        tags="#cooking | #recipe",
        en="the lentil soup | the sourdough | the noodles | the recipe",
        es="la sopa de lentejas | el pan casero | la receta",
        de="die Linsensuppe | das Sauerteigbrot | das Rezept",
        fr="la soupe de lentilles | le pain au levain | la recette",
        pt="a sopa de lentilha | o pão caseiro | a receita",
        ja="レンズ豆のスープ | 手作りパン | レシピ",
        negative="burnt the noodles, awful evening | my sourdough is a disaster | terrible recipe, waste of flour",
        neutral="""
            sourdough after {num}0 hours in the fridge | {num} cups of lentils for the soup
            | which flour for ramen | the oven is at 220 degrees""",
        positive="best lentil soup ever, delicious | my sourdough is beautiful {time} | love these noodles | great recipe from {person}",
        details="Two spoons of salt. | Oven at 220. | Recipe from {person}. | Pot for {num} people.",
    ),
    "chatter/series": topic(
        "talk",
        (0.28, 0.44),
        tags="#nowwatching | #finale",
        en="the finale | the second season | the detective | the last episode",
        es="el final de temporada | la segunda temporada | el último episodio",
        de="das Staffelfinale | die zweite Staffel | die letzte Folge",
        fr="le dernier épisode | la deuxième saison | le final",
        pt="o último episódio | a segunda temporada | o final da série",
        ja="最終回 | シーズン２ | 最新話",
        negative="the finale was boring, so disappointed | worst ending ever, hate it | terrible plot in episode {num}",
        neutral="""
            episode {num} at {hour} | which season has the lighthouse | started season {num} {time}
            | the detective wears the same coat""",
        positive="the finale was brilliant | love the detective, best series {time} | amazing episode, wonderful acting",
        details="Episode {num}. | Spoilers below. | With {person} on the sofa. | Season {num}.",
    ),
    # Uses the names of brands for something else, which must not count as a mention.
    "chatter/nature": topic(
        "talk",
        (0.08, 0.42),
        tags="#stargazing | #birdwatching",
        en="the aurora borealis | the kestrel nest | the night sky | the bird box",
        es="el cielo nocturno | el nido | la caja nido",
        de="der Nachthimmel | das Vogelnest | der Nistkasten",
        fr="le ciel nocturne | le nid | le nichoir",
        pt="o céu noturno | o ninho | a caixa-ninho",
        ja="夜空 | 鳥の巣 | 巣箱",
        negative="clouds all night, no aurora borealis, so sad | a storm destroyed the kestrel nest, terrible",
        neutral="""
            aurora borealis {time}, the whole sky green | watching the aurora borealis {place}
            | aurora borealis over the lake at {hour} | saw a kestrel nest on the church tower {time}
            | a kestrel nest with {num} eggs {place} | the camera on the kestrel nest is back online""",
        positive="""
            the aurora borealis was beautiful {time} | amazing aurora borealis over the lake at {hour}
            | {num} chicks in the kestrel nest, so happy | love the camera on the kestrel nest""",
        details="Looking north. | Tripod on the dyke. | Binoculars from {person}. | Seen at {hour}.",
    ),
    "chatter/pets": topic(
        "talk",
        (0.14, 0.58),
        tags="#cats | #dogs",
        en="my cat | the puppy | the vet | the parrot",
        es="mi gato | el cachorro | el veterinario",
        de="meine Katze | der Welpe | der Tierarzt",
        fr="mon chat | le chiot | le vétérinaire",
        pt="o meu gato | o filhote | o veterinário",
        ja="うちの猫 | 子犬 | 獣医さん",
        negative="my cat is ill, so worried | the puppy destroyed the sofa, terrible night | sad news from the vet",
        neutral="""
            the cat sleeps on the keyboard | vet at {hour} on {day} | the puppy weighs {num} kilos
            | the parrot says {num} words""",
        positive="my cat is the cutest, I love her | the puppy made my day | happy walk with {person} and the dog",
        details="Under the table. | {num} months old. | On the keyboard. | Photo by {person}.",
    ),
}


ADVERTS = {
    "spam/giveaway": topic(
        "advert",
        (0.0, 0.6),
        tags="#giveaway | #winwin",
        en="a new phone | a coupon of {money} | a year of coffee | {num} flight vouchers",
        es="un teléfono nuevo | una tarjeta regalo | un año de café",
        de="ein neues Handy | ein Gutschein | ein Jahr Kaffee",
        fr="un téléphone neuf | une carte cadeau | un an de café",
        pt="um telefone novo | um cartão presente | um ano de café",
        ja="新しいスマホ | ギフトカード | 一年分のコーヒー",
        neutral="{num}0 coupons, first come first served, link in bio | giveaway closes at {hour}, tap the link",
        positive="""
            WIN {thing} now, free entry, tap the link | congratulations, you won {thing}, claim it here
            | free giveaway: {thing}, best prizes, follow and win""",
        details="Only {num}0 left. | Closes at {hour}. | Link below. | Tap and enter.",
    ),
    "spam/resale": topic(
        "advert",
        (0.0, 0.5),
        tags="#forsale | #deal",
        en="sealed phones | half price passes | unused vouchers | bulk coupon codes",
        es="el móvil sellado | el cupón sin usar | el código de regalo",
        de="das Handy in Folie | der Gutscheincode | das Sonderangebot",
        fr="le téléphone sous blister | le bon non utilisé | le code cadeau",
        pt="o celular lacrado | o voucher sem uso | o código de presente",
        ja="未開封のスマホ | 未使用クーポン | ギフトコード",
        neutral="""
            selling {thing} for {money}, DM me | {thing} in stock, {money}, ships on {day}
            | {num} pieces of {thing}, {money} each""",
        positive="""
            best price for {thing}, only {money}, great deal | {thing} at {money}, perfect gift, fast shipping
            | amazing offer: {thing} for {money}""",
        details="DM for the list. | {num}0 in stock. | Ships on {day}. | Cash or card.",
    ),
    "spam/coins": topic(
        "advert",
        (0.0, 0.75),
        tags="#crypto | #passiveincome",
        en="this coin | the trading bot | the signal group | my course",
        es="la moneda nueva | el robot de trading | el curso",
        de="die neue Münze | der Trading-Bot | der Kurs",
        fr="la nouvelle monnaie | le robot de trading | la formation",
        pt="a nova moeda | o robô de trading | o curso",
        ja="新しいコイン | 自動売買ボット | 投資講座",
        neutral="the trading bot runs {num}0 hours a week, link | {thing} opens at {hour}, link in bio",
        positive="""
            made {money} in a day with {thing}, so easy | {thing} gives the best profit, join us
            | win with {thing}, guaranteed profit of {money}""",
        details="Doors close at {hour}. | {num}0 seats. | Ask {person}. | Screenshot below.",
    ),
}
