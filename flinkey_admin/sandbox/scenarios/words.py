"""The words that lively fleets are made of."""

FIRST_NAMES = (
    "Jörg Ayşe Seán Zoë Anna Björn Çiğdem Dörte Emil Fatma Günther Hannah Ilse Jürgen Käthe Łukasz Marie "
    "Nikolaj Özlem Petra Quirin René Svenja Thomas Ulrike Vera Walter Xaver Yvonne Zeynep Henrik Mandy "
    "Kevin Sabine Dieter Leonie Mehmet Olga Piotr Ronja"
)
LAST_NAMES = (
    "Müller Öztürk O'Brien Groß Schmidt Schäfer Weiß Yüksel Kowalski Jäger Böhm Krüger Fischer Köhler "
    "Größ-Lüdenscheidt Nguyễn Petersen Hansen Brückner Lößnitz Hoffmann Schulz D'Angelo Straßburger Vogt "
    "Wójcik Übelacker Kaya Bauer Richter Klein Wolf Neumann Zimmermann Çelik Möller Lehmann Hartmann"
)
# group name -> the codes of its plates
PLACES = {
    "Hamburg": ("HH",),
    "Berlin": ("B",),
    "München": ("M",),
    "Köln": ("K",),
    "Frankfurt am Main": ("F",),
    "Leipzig & Halle": ("L", "HAL"),
}
TEAMS = (
    "Vans",
    'Nachtschicht "Süd"',
    "Werkstatt",
    "Außendienst",
    "Geschäftsleitung",
    "Elektro (nur mit Ladekarte)",
)
# brand, model, the first letters of its VIN
MODELS = (
    ("VW", "ID.3", "WVWZZZE1Z"),
    ("VW", "Golf Variant", "WVWZZZCD7"),
    ("VW", "Caddy Cargo", "WV1ZZZSK1"),
    ("Škoda", "Octavia Combi", "TMBJJ7NX5"),
    ("Škoda", "Enyaq iV", "TMBJB7NY3"),
    ("Mercedes-Benz", "Vito", "W1V447603"),
    ("Mercedes-Benz", "eSprinter", "W1V910635"),
    ("BMW", "i4", "WBY31AW0X"),
    ("BMW", "320d Touring", "WBA6L71X0"),
    ("Ford", "Transit Custom", "WF0YXXTTG"),
    ("Opel", "Corsa-e", "VXKUHZKXZ"),
    ("Renault", "ZOE", "VF1AG0000"),
    ("Citroën", "ë-Berlingo", "VR7EFZKXZ"),
    ("Hyundai", "IONIQ 5", "KMHKM81AF"),
    ("Tesla", "Model 3", "5YJ3E7EB1"),
)
NAMES_OF_CARS = (
    "Pool {n}",
    "Pool {n}",
    "Pool {n}",
    "Außendienst {n}",
    "Lieferdienst {n}",
    "Bereitschaft {n}",
    "Schichtwagen {n}",
    'Wagen {n} "der Blaue"',
    "Werkstattersatz {n} (bitte nach jeder Fahrt vollladen und Fahrtenbuch im Handschuhfach ausfüllen)",
)
REMARKS = (
    "Ladekarte im Handschuhfach",
    "Stellplatz 14, Tiefgarage 2. UG",
    "Kratzer hinten links, gemeldet",
    "Winterreifen im Lager <Halle 3>",
    "Nur für Führerschein Klasse C1",
)
CAUSES = ("Kündigung durch den Kunden", "Fahrzeug verkauft", "Vertragsende", "Gerät defekt, ersetzt")
VIN_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"
