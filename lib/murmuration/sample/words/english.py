"""English around the topics: what fills slots, how posts open and close, frames that fit any topic."""

from murmuration.sample.words.parts import phrases

SLOTS = {
    "time": phrases("""
        today | this morning | since {day} | last night | all week | again today | since yesterday
        | right now | these days | this week | since the weekend | yesterday"""),
    "hour": phrases(
        "noon | lunch | 7 am | 8 am | 8:30 | 9 am | 10:15 | 11 am | 2 pm | 3:45 | 5 pm | 6 pm | 7:20 pm | 9 pm"
    ),
    "mins": phrases("""
        10 minutes | 12 minutes | 15 min | 20 minutes | 25 min | half an hour | 35 minutes | 40 min
        | 45 minutes | 50 min | an hour | 90 minutes | two hours"""),
    "num": phrases("2 | 3 | 4 | 5 | 6 | 7 | 8 | 9"),
    "money": phrases(
        "$3 | $4.50 | $6 | $9.99 | $12 | $19 | $25 | $40 | $75 | $120 | €4 | €8 | €15 | €30 | €49 | £5 | £18 | £60"
    ),
    "day": phrases("Monday | Tuesday | Wednesday | Thursday | Friday | Saturday | Sunday"),
    "place": phrases("""
        downtown | in London | in Chicago | in Dublin | in Leeds | in Toronto | in Austin | in Seattle
        | in Cape Town | in Melbourne | at the station | at the airport | on Mill Street | on Queen Street
        | by the harbour | near the park | in the old town | in my village"""),
    "person": phrases(
        "my sister | my flatmate | a colleague | my brother | my aunt | a neighbour | my son | my wife | my husband"
    ),
}  # fmt: skip

OPENERS = {
    ("plain", "negative"): phrases(
        "Seriously, | Ugh, | Not again: | So | Day {num}: | Update: | Anyway, | Meanwhile: | For the record: | And again,"
    ),
    ("plain", "neutral"): phrases(
        "So | Update: | Anyway, | Meanwhile: | Day {num}: | Quick one: | For the record: | Just saw: | Question: | Asking for {person}:"
    ),
    ("plain", "positive"): phrases(
        "Honestly, | Wow, | So | Update: | And so | Day {num}: | Finally: | Just wow, | For the record: | Must say,"
    ),
    ("news", "negative"): phrases("BREAKING: | Report: | Inside: | Analysis: | Update:"),
    ("news", "neutral"): phrases("Report: | Business: | Explainer: | Today: | Update: | Local:"),
    ("news", "positive"): phrases("Report: | Business: | Today: | Update: | Local:"),
    ("ask", "negative"): phrases("Hello, | Hi, | Again: | Case {ticket}: | Hi team, | Day {num}:"),
    ("ask", "neutral"): phrases("Hello, | Hi, | Question: | Case {ticket}: | Hi team, | Quick question:"),
    ("ask", "positive"): phrases("Hello, | Hi, | Update: | Case {ticket}: | Hi team,"),
    ("advert", "neutral"): phrases("Hey | Psst: | Today only: | NEW: | Listen:"),
    ("advert", "positive"): phrases("Hey | Psst: | Today only: | NEW: | Hurry:"),
}  # fmt: skip

CLOSERS = {
    ("plain", "negative"): phrases("""
        Never again. | So done with this. | Not acceptable. | What a joke. | Fix this. | I am out. | Disappointed.
        | This is getting ridiculous. | Sooo annoying. | Unbelievable. | Worst {day} ever. | I give up."""),
    ("plain", "neutral"): phrases("""
        Anyone else? | Any ideas? | That is all. | Back to work. | Let me know. | Wondering. | We will see.
        | Noted. | Same for {person}? | More on {day}. | Thoughts?"""),
    ("plain", "positive"): phrases("""
        Love it. | Well done. | Highly recommended. | Made my day. | Happy customer. | Thank you. | Sooo good.
        | Keep it up. | Best {day} ever. | More of this. | Great stuff."""),
    ("ask", "negative"): phrases("""
        Answer me. | When will this be fixed? | Waiting for a reply since {day}. | I want my money back.
        | This is unacceptable. | Case {ticket}, no reply. | Disappointed customer."""),
    ("ask", "neutral"): phrases("""
        My case is {ticket}. | Who can look into it? | Sent you a DM. | Waiting for a reply. | Order {ticket}.
        | By mail or by phone? | Since {day}."""),
    ("ask", "positive"): phrases("Thank you. | Case {ticket} solved, thanks. | Much appreciated. | Great team."),
    ("news", "negative"): phrases("Read more: | Full story: | Our report: | Details:"),
    ("news", "neutral"): phrases("Read more: | Full story: | Our report: | Details:"),
    ("news", "positive"): phrases("Read more: | Full story: | Our report: | Details:"),
    ("advert", "neutral"): phrases("DM me. | Link below. | Tap here. | Hurry."),
    ("advert", "positive"): phrases("DM me. | Link below. | Tap here. | Hurry. | Join now."),
}  # fmt: skip

# Frames fit every topic: only {thing} tells which one it is.
FRAMES = {
    ("plain", "negative"): phrases("""
        so disappointed with {thing} {time} | {thing}? terrible {time} | really annoyed about {thing}
        | {thing} is a joke {time} | had enough of {thing}, just awful | {thing} made me angry {time}
        | who ruined {thing}, it is horrible now | {person} complains about {thing} as well, so bad
        | {thing} is getting worse and worse | hate what they did to {thing}
        | {thing} again, third time this week | back to the old provider after {num} days of {thing}
        | two calls, three mails, and {thing} as before | went home because of {thing}"""),
    ("plain", "neutral"): phrases("""
        a question about {thing} | reading up on {thing} {time} | what changed with {thing} {time}
        | {person} asked me about {thing} | talked with {person} about {thing} {time}
        | does anyone follow {thing} {place} | thread on {thing}, part {num} | {thing}: before and after
        | first look at {thing} {place} | taking notes on {thing} {time}"""),
    ("plain", "positive"): phrases("""
        really happy with {thing} {time} | {thing} is brilliant {time} | so glad about {thing}
        | love {thing} | {person} loves {thing} too | {thing} made my day {time}
        | impressed by {thing} {place} | {thing} is getting better and better | great job on {thing}
        | can only praise {thing}, wonderful | went back twice for {thing} | five stars for {thing}
        | told {person} to try {thing} too | took {num} colleagues along for {thing}"""),
    ("news", "negative"): phrases("""
        criticism grows over {thing} at {brand} | {brand} faces complaints over {thing}
        | angry customers confront {brand} about {thing} | {brand} under fire for {thing}
        | why {thing} is a problem for {brand} | {brand} fails to explain {thing}
        | trouble at {brand}: {thing}"""),
    ("news", "neutral"): phrases("""
        {brand} explains {thing} | what to know about {thing} at {brand} | {brand} publishes figures on {thing}
        | interview: the {brand} team on {thing} | {brand} and {thing}, a timeline | {brand} reviews {thing} {time}
        | {thing}: the numbers of {brand} | {brand} to present plans for {thing} on {day}
        | five questions about {thing} at {brand}"""),
    ("news", "positive"): phrases("""
        {brand} wins praise for {thing} | customers love {thing}, {brand} survey says
        | {brand} celebrates success with {thing} | award for {brand}: {thing} impresses the jury
        | {brand} improves {thing}, experts applaud"""),
    ("ask", "negative"): phrases("""
        {thing} still does not work and nobody answers, terrible | third complaint about {thing}, case {ticket}
        | {thing} is broken again, fix it | nobody replies about {thing} for {num} days, awful
        | problem with {thing} since {day}, very frustrating | wrong answer about {thing} again, useless"""),
    ("ask", "neutral"): phrases("""
        who do I contact about {thing} | is there an update on {thing}, case {ticket}
        | how do I report {thing} | what is the procedure for {thing} | where do I find the form for {thing}
        | when can I expect an answer about {thing} | my case {ticket} is about {thing}"""),
    ("ask", "positive"): phrases("""
        {thing} got fixed in {mins}, thank you | great answer about {thing}, much appreciated
        | thanks for solving {thing} so fast | happy with the reply about {thing}"""),
    ("advert", "neutral"): phrases("{thing} for {money}, link below | {thing}, {num}0 pieces, DM me"),
    ("advert", "positive"): phrases("best deal on {thing}, only {money} | free bonus with {thing}, win now"),
}  # fmt: skip

# Says the opposite of what it means, as VADER and its like will not notice.
SARCASM = phrases("""
    oh great, {thing} again, brilliant work | wonderful, {thing} at its best, as always
    | so much fun with {thing} {time}, well done | just love how {thing} works, not
""")

# Around the clause of a post: how it names the brand where the clause does not.
LEADS = phrases("{brand}: | {brand} - | {brand}, | Hey {brand}, | {brand} //")
TAILS = phrases(
    ", {brand} | ({brand}) | - {brand} | . Looking at you, {brand} | . So that is {brand} | with {brand} | . {brand} again"
)

COMPARED = {
    "negative": phrases("Moving to {other}. | {other} does this better. | Next time {other}."),
    "neutral": phrases(
        "Same at {other}? | And {other}? | How is it at {other}? | Compared with {other}."
    ),
    "positive": phrases("Sorry, {other}. | Much better than {other}. | Came from {other}."),
}

PLACES = phrases(
    "London, UK | Chicago, IL | Toronto | Dublin | Austin, TX | Seattle | Melbourne | Cape Town | Leeds | New York"
)
