"""Words that problems of all families are told with."""

from __future__ import annotations

CURRENCIES: tuple[tuple[str, str, str], ...] = (
    ("$", "dollar", "dollars"),
    ("€", "euro", "euros"),
    ("£", "pound", "pounds"),
    ("CHF", "franc", "francs"),
    ("₹", "rupee", "rupees"),
    ("R$", "real", "reais"),
    ("zł", "zloty", "zloty"),
    ("kr", "krone", "kroner"),
    ("RM", "ringgit", "ringgit"),
)
"""Symbol, singular, plural."""

PEOPLE: tuple[str, ...] = (
    "Lena Fischer", "Kwame Mensah", "Priya Raman", "Tomás Oliveira", "Hana Sato", "Olga Petrova", "Samuel Njoroge",
    "Ingrid Dahl", "Marco Bellini", "Aisha Rahman", "Chloé Martin", "Diego Rojas", "Mei Lin", "Piotr Nowak",
    "Fatima Zahra", "Jonas Weber", "Nora Haugen", "Ravi Patel", "Eleni Georgiou", "Sean Murphy", "Yara Haddad",
    "Viktor Horvat", "Amara Okafor", "Leila Karimi", "Bruno Costa", "Emily Carter", "Anders Lund", "Zeynep Kaya",
)  # fmt: skip

TOWNS: tuple[str, ...] = (
    "Bergen", "Kumasi", "Pune", "Porto", "Sapporo", "Graz", "Nakuru", "Turin", "Penang", "Lyon", "Valdivia", "Tainan",
    "Gdynia", "Meknes", "Ghent", "Galway", "Zadar", "Enugu", "Shiraz", "Curitiba", "Duluth", "Odense", "Izmir", "Cusco",
    "Tampere", "Leeds", "Hobart", "Mysuru", "Tartu", "Girona", "Arusha", "Oaxaca", "Halifax", "Cebu", "Plovdiv", "Nantes",
    "Aarhus", "Daegu", "Salta", "Windhoek",
)  # fmt: skip

MONTHS: tuple[str, ...] = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip

GENERIC_DISTRACTORS: tuple[str, ...] = (
    "{person} [took over|joined|started here] in {year}",
    "[Last year's|The previous] audit [cost|came to] {sum} and [found nothing|is long paid]",
    "The [local paper|trade magazine] [ran a piece on this|wrote about it] in {month}, [with {some} online comments|with a photo of {person}]",
    "[Rent and insurance|Rent, heating and insurance|The lease and the insurance], {sum} [in all|together|a quarter], [are paid whatever is decided|fall due either way|do not depend on this plan]",
    "A [consultant|visitor] from {town} [came by|visited] in {month} and [stayed for two days|left without a report]",
    "[Founded|Set up] in {year}, [the place|it all] [has had|went through] three [owners|names] [since|so far]",
    "The [car park|parking lot] outside [has|holds] {some} [spaces|places], [which is of no concern here|but that is another matter]",
    "[Nobody|No one] [expects|is planning] a [holiday|strike|power cut] [before {month}|this season]",
    "A [new logo|new website|company song] is [due|promised] for {month}",
    "The [old|former] [accounts|records], [{some} pages of them|back to {year}], are [kept in the cellar|stored off site]",
    "[About|Roughly|Some] {some} people [follow it|read the newsletter|came to the open day]",
    "{person} [wrote down these figures|collected the numbers] [on a train to {town}|one evening in {month}]",
)
"""Sentences that change nothing; several carry numbers, as real letters do."""
