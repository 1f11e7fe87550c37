"""Other languages: frames that fit any topic of which `TopicWords.things` has words."""

from dataclasses import dataclass

from murmuration.sample.words.parts import Phrases, phrases


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """How posts are put together in one language.

    Attributes
    ----------
    negative, neutral, positive
        Frames around {thing}.
    news, ask, advert
        Frames for those ways of writing; {brand} may occur in `news`.
    openers, details
        Without a feeling.
    closers
        Short remarks: negative ones, then neutral and positive ones.
    leads, tails
        How the brand is named before or after a frame.
    times, places
        Fill {time} and {place}; `places` are also what authors declare.
    spaced
        Whether words are separated by spaces.
    """

    negative: Phrases
    neutral: Phrases
    positive: Phrases
    news: Phrases
    ask: Phrases
    advert: Phrases
    openers: Phrases
    details: Phrases
    closers: tuple[Phrases, Phrases, Phrases]
    leads: Phrases
    tails: Phrases
    times: Phrases
    places: Phrases
    spaced: bool = True


LANGUAGES = {
    "es": Language(
        negative=phrases("""
            {thing} no funciona {time}, qué desastre | otra vez problemas con {thing}, estoy harta
            | qué decepción con {thing} {time} | {thing} es lo peor que he visto | nadie responde sobre {thing}, fatal
            | estoy muy enfadado con {thing} | llevo {num} días esperando por {thing}, una vergüenza
            | {thing} cada vez peor, no vuelvo más"""),
        neutral=phrases("""
            alguien sabe qué pasa con {thing} {time} | pregunta sobre {thing}: quién lo ha probado
            | {thing} cambia a partir de mañana | leyendo sobre {thing} {time} | hablamos ayer sobre {thing} en el trabajo
            | dónde puedo ver información sobre {thing}"""),
        positive=phrases("""
            me encanta {thing}, de verdad | {thing} funciona de maravilla {time} | qué gran trabajo con {thing}, gracias
            | estoy muy contenta con {thing} | {thing} es lo mejor que he probado | por fin {thing} como debe ser"""),
        news=phrases("""
            {brand} informa sobre {thing} | lo que se sabe hasta ahora sobre {thing} en {brand}
            | {brand} presenta sus planes para {thing} esta semana"""),
        ask=phrases("""
            hola, necesito ayuda con {thing}, caso {ticket} | cuándo van a responder sobre {thing}, caso {ticket}
            | con quién hablo para resolver lo de {thing}"""),
        advert=phrases(
            "gana {thing} gratis, entra en el enlace | {thing} por solo {money}, escríbeme | oferta de hoy: {thing}, enlace aquí"
        ),
        openers=phrases("La verdad, | Bueno, | Oigan, | Actualización: | Hoy mismo: | A ver,"),
        details=phrases(
            "Desde ayer en Madrid. | Mi hermana dice lo mismo. | Fue a las nueve de la mañana. | Es la tercera vez este mes."
        ),
        closers=(
            phrases("Nunca más. | Qué vergüenza. | Muy mal. | Así no se puede."),
            phrases("¿Alguien más? | Ya veremos. | ¿Ideas? | Sigo leyendo."),
            phrases("Muy recomendable. | Gracias. | Así da gusto. | Felicidades."),
        ),
        leads=phrases("{brand}: | Oye {brand}, | Con {brand}:"),
        tails=phrases(", {brand} | con {brand} | ({brand})"),
        times=phrases("hoy | esta mañana | desde el lunes | otra vez | esta semana | desde ayer"),
        places=phrases("Madrid | Sevilla | Ciudad de México | Bogotá | Valencia"),
    ),
    "de": Language(
        negative=phrases("""
            {thing} funktioniert {time} schon wieder nicht | {thing} ist eine einzige Katastrophe
            | ich bin so enttäuscht, {thing} ist wirklich schlecht | {thing} nervt mich {time} gewaltig
            | seit {num} Tagen warte ich, {thing} ist ein Witz | nie wieder, {thing} war furchtbar
            | {thing} wird immer schlimmer | was soll das, {thing} ist einfach kaputt"""),
        neutral=phrases("""
            weiß jemand, wie {thing} jetzt geregelt ist | kurze Frage: {thing}, wer kennt sich aus
            | {thing} ändert sich ab nächster Woche | gerade gelesen: {thing}, was ist neu
            | wir haben {time} im Büro geredet, Thema: {thing} | wo steht eigentlich, was {thing} kostet"""),
        positive=phrases("""
            {thing} ist wirklich großartig geworden | ich bin total begeistert, {thing} läuft wunderbar
            | {thing} hat mir {time} den Tag gerettet, danke | endlich mal gut: {thing}, ich freue mich sehr
            | {thing} ist das Beste, was ich je hatte | großes Lob, {thing} ist einfach klasse"""),
        news=phrases("""
            {brand} äußert sich zum Thema: {thing} | was wir bisher wissen: {thing} und {brand}
            | {brand} stellt neue Pläne vor, es geht um: {thing}"""),
        ask=phrases("""
            guten Tag, {thing} macht Probleme, Vorgang {ticket} | wann kommt eine Antwort, {thing}, Vorgang {ticket}
            | an wen wende ich mich, wenn {thing} nicht geht"""),
        advert=phrases(
            "jetzt gewinnen: {thing}, einfach auf den Link klicken | {thing} für nur {money}, schreib mir | nur heute: {thing}, Link hier"
        ),
        openers=phrases("Ehrlich, | Also, | Leute, | Kurzes Update: | Heute mal: | Na ja,"),
        details=phrases(
            "Seit gestern in Berlin. | Meine Schwester sagt das auch. | Das war um neun Uhr morgens. | Schon das dritte Mal in diesem Monat."
        ),
        closers=(
            phrases("Nie wieder. | Echt peinlich. | Geht gar nicht. | So nicht."),
            phrases("Wer noch? | Mal sehen. | Ideen? | Ich lese weiter."),
            phrases("Sehr zu empfehlen. | Danke dafür. | Weiter so. | Macht Spaß."),
        ),
        leads=phrases("{brand}: | Hallo {brand}, | Zu {brand}:"),
        tails=phrases(", {brand} | bei {brand} | ({brand})"),
        times=phrases("heute | heute früh | seit Montag | schon wieder | diese Woche | seit gestern"),
        places=phrases("Berlin | Hamburg | Wien | Zürich | Leipzig"),
    ),
    "fr": Language(
        negative=phrases("""
            {thing} ne marche plus {time}, c'est une catastrophe | encore un problème avec {thing}, j'en ai marre
            | quelle déception avec {thing} {time} | {thing} est vraiment nul, je suis en colère
            | personne ne répond pour {thing}, c'est une honte | {num} jours d'attente pour {thing}, jamais vu ça
            | {thing} est de pire en pire"""),
        neutral=phrases("""
            quelqu'un sait ce qui se passe avec {thing} | petite question sur {thing}, qui connaît
            | {thing} change à partir de demain | je lis un article sur {thing} {time}
            | on a parlé hier au bureau avec une collègue, sujet : {thing} | où trouver des informations sur {thing}"""),
        positive=phrases("""
            j'adore {thing}, vraiment | {thing} marche à merveille {time} | bravo pour {thing}, merci beaucoup
            | je suis très contente avec {thing} | {thing} est ce que j'ai vu de mieux | enfin {thing} comme il faut"""),
        news=phrases("""
            {brand} s'explique sur {thing} | ce que l'on sait pour le moment sur {thing} chez {brand}
            | {brand} présente ses projets pour {thing} cette semaine"""),
        ask=phrases("""
            bonjour, j'ai besoin d'aide avec {thing}, dossier {ticket} | quand aurai-je une réponse pour {thing}, dossier {ticket}
            | à qui dois-je m'adresser pour {thing}"""),
        advert=phrases(
            "gagnez {thing} gratuitement, cliquez sur le lien | {thing} pour seulement {money}, écrivez-moi | offre du jour : {thing}, lien ici"
        ),
        openers=phrases("Franchement, | Bon, | Dites, | Mise à jour : | Aujourd'hui : | Alors,"),
        details=phrases(
            "Depuis hier à Lyon. | Ma sœur dit la même chose. | C'était à neuf heures du matin. | C'est la troisième fois ce mois-ci."
        ),
        closers=(
            phrases("Plus jamais. | Quelle honte. | Vraiment nul. | Ça suffit."),
            phrases("D'autres avis ? | On verra. | Des idées ? | Je continue à lire."),
            phrases("Je recommande. | Merci. | Continuez comme ça. | Félicitations."),
        ),
        leads=phrases("{brand} : | Dis donc {brand}, | Chez {brand} :"),
        tails=phrases(", {brand} | chez {brand} | ({brand})"),
        times=phrases("aujourd'hui | ce matin | depuis lundi | encore une fois | cette semaine | depuis hier"),
        places=phrases("Paris | Lyon | Bruxelles | Montréal | Nantes"),
    ),
    "pt": Language(
        negative=phrases("""
            {thing} não funciona {time}, que desastre | mais uma vez problemas com {thing}, não aguento mais
            | que decepção com {thing} {time} | {thing} é a pior coisa que já vi | ninguém responde sobre {thing}, um absurdo
            | estou muito irritado com {thing} | já são {num} dias esperando por {thing}, que vergonha
            | {thing} está cada vez pior, não volto mais"""),
        neutral=phrases("""
            alguém sabe o que acontece com {thing} {time} | uma pergunta sobre {thing}: quem já usou
            | {thing} muda a partir de amanhã | lendo uma notícia sobre {thing} {time} | falamos ontem no trabalho sobre {thing}
            | onde vejo as informações sobre {thing}"""),
        positive=phrases("""
            estou adorando {thing}, muito bom mesmo | {thing} funciona muito bem {time} | que belo trabalho com {thing}, obrigada
            | estou muito feliz com {thing} | {thing} é a melhor coisa que já usei | finalmente {thing} como deve ser"""),
        news=phrases("""
            {brand} fala sobre {thing} | o que se sabe até agora sobre {thing} na {brand}
            | {brand} apresenta os seus planos para {thing} nesta semana"""),
        ask=phrases("""
            olá, preciso de ajuda com {thing}, protocolo {ticket} | quando vão responder sobre {thing}, protocolo {ticket}
            | com quem eu falo para resolver {thing}"""),
        advert=phrases(
            "ganhe {thing} de graça, clique no link | {thing} por apenas {money}, me chama | só hoje: {thing}, link aqui"
        ),
        openers=phrases("Sinceramente, | Bom, | Gente, | Atualização: | Hoje mesmo: | Olha,"),
        details=phrases(
            "Desde ontem em Lisboa. | A minha irmã diz o mesmo. | Foi às nove da manhã. | Já é a terceira vez neste mês."
        ),
        closers=(
            phrases("Nunca mais. | Que vergonha. | Muito ruim. | Assim não dá."),
            phrases("Mais alguém? | Vamos ver. | Alguma ideia? | Continuo lendo."),
            phrases("Recomendo muito. | Obrigado. | Assim vale a pena. | Parabéns."),
        ),
        leads=phrases("{brand}: | Ei {brand}, | Sobre a {brand}:"),
        tails=phrases(", {brand} | com a {brand} | ({brand})"),
        times=phrases("hoje | esta manhã | desde segunda | outra vez | nesta semana | desde ontem"),
        places=phrases("Lisboa | São Paulo | Porto | Recife | Curitiba"),
    ),
    "ja": Language(
        negative=phrases("""
            {time}{thing}が全然使えない、ひどすぎる | {thing}のせいで一日が台無しになった | {thing}には本当にがっかりした
            | また{thing}の問題か、もう限界です | {thing}がどんどん悪くなっている気がする | {thing}について誰も答えてくれない、最悪
            | もう{num}日も待っているのに{thing}が直らない"""),
        neutral=phrases("""
            {thing}について誰か知っていますか | {time}{thing}の記事を読んでいるところです | 来週から{thing}が変わるそうです
            | {thing}の情報はどこで見られますか | 昨日会社で{thing}の話になった"""),
        positive=phrases("""
            {thing}が本当に素晴らしい、ありがとう | {time}{thing}に助けられた、とても嬉しい | {thing}が最高すぎて感動した
            | {thing}、想像以上に良かったです | やっと{thing}が良くなって嬉しい | {thing}が大好きです"""),
        news=phrases("""
            {brand} が{thing}について発表しました | {brand} の{thing}について現在わかっていること
            | {brand} は今週、{thing}の計画を説明します"""),
        ask=phrases("""
            すみません、{thing}の件で困っています、受付番号 {ticket} | {thing}の件、いつ回答をもらえますか、受付番号 {ticket}
            | {thing}はどこに問い合わせればいいですか"""),
        advert=phrases(
            "{thing}を無料でプレゼント、リンクをクリック | {thing}がたったの {money} です、今すぐ連絡して | 本日限り、{thing}はこちらのリンクから"
        ),
        openers=phrases("正直、 | ちなみに、 | 追記：  | ところで、 | 今日は、"),
        details=phrases(
            "昨日から東京で続いています。 | 妹も同じことを言っていました。 | 朝の九時ごろのことです。 | 今月でもう三回目です。"
        ),
        closers=(
            phrases("もう二度と使わない。 | 恥ずかしい話だ。 | 本当に残念。"),
            phrases("どう思いますか。 | 様子を見ます。 | みなさんはどうですか。"),
            phrases("おすすめです。 | 感謝しています。 | また行きたいです。"),
        ),
        leads=phrases("{brand} の件： | {brand} さん、 | {brand} について、"),
        tails=phrases("（ {brand} ） | 、 {brand} の話"),
        times=phrases("今日 | 今朝 | 昨日から | また | 今週"),
        places=phrases("東京 | 大阪 | 福岡 | 札幌"),
        spaced=False,
    ),
}  # fmt: skip
