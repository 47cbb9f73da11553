"""Small written documents, and conversations about them whose later questions lean on the earlier ones."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Talk:
    """Questions in a row, and what the passage for the last of them is called."""

    questions: tuple[str, ...]
    wanted: str


PASSAGES = {
    "heron-about": "The Heron is a folding bicycle for people who take the train. Its frame is made of steel.",
    "heron-price": "A Heron costs 940 euros with three gears, and 1,120 euros with eight.",
    "heron-weight": "The Heron weighs 11.8 kilograms; without the rack it is half a kilogram lighter.",
    "heron-warranty": "Whoever buys a Heron gets five years on the frame and two on all other parts.",
    "swift-about": "The Swift is a racing bicycle made of carbon, meant for long days on good roads.",
    "swift-price": "A Swift costs 3,400 euros. Wheels of carbon are 900 euros more.",
    "swift-weight": "The Swift weighs 7.2 kilograms in the middle size.",
    "swift-warranty": "For the Swift there are three years on the frame, and none on wheels that were raced.",
    "library-hours": "The town library is open from ten to seven, on Saturdays until two.",
    "library-fees": "A card of the town library costs twelve euros a year; children pay nothing.",
    "library-founded": "The town library was founded in 1887 by the printer Adele Brandt.",
    "mill-built": "The paper mill at Orsk was built in 1742 and burned down twice.",
    "mill-owner": "The paper mill at Orsk belonged to the Lindqvist family until the war.",
    "mill-today": "Today the paper mill at Orsk is a museum with a working wheel.",
    "ofen-preis": "Der Kachelofen Hesta kostet 4.200 Euro ohne den Einbau.",
    "ofen-holz": "Der Kachelofen Hesta braucht an einem kalten Tag zwölf Kilogramm Holz.",
    "ofen-masse": "Der Kachelofen Hesta ist 1,90 Meter hoch und wiegt 800 Kilogramm.",
    "boot-preis": "Das Ruderboot Mira kostet 2.600 Euro, die Ruder sind dabei.",
    "boot-gewicht": "Das Ruderboot Mira wiegt 74 Kilogramm und trägt vier Personen.",
    "phare-hauteur": "Le phare de Kerlann mesure quarante-deux mètres.",
    "phare-construction": "Le phare de Kerlann a été construit en 1861 par l'ingénieur Morel.",
    "pont-longueur": "Le pont de Trévou est long de trois cents mètres.",
    "pont-construction": "Le pont de Trévou a été construit en 1934 après la grande crue.",
    "茶-价格": "云雾绿茶每斤三百二十元，礼盒另收二十元。",
    "茶-产地": "云雾绿茶产于庐山海拔八百米以上的茶园。",
    "酒-价格": "桂花米酒每瓶四十五元，六瓶以上打九折。",
    "酒-产地": "桂花米酒由桂林郊外的一家小酒坊酿造。",
}

FOLLOW_UPS = [
    Talk(("What is the Heron made of?", "And how much does it cost?"), "heron-price"),
    Talk(("What is the Heron made of?", "How heavy is it?"), "heron-weight"),
    Talk(("What is the Heron made of?", "How much does it cost?", "And the warranty?"), "heron-warranty"),
    Talk(("Tell me about the Swift.", "what does it weigh"), "swift-weight"),
    Talk(("Tell me about the Swift.", "How long is the warranty on it?"), "swift-warranty"),
    Talk(("How much is the Heron?", "What about the Swift?"), "swift-price"),
    Talk(("How heavy is the Swift?", "And the Heron?"), "heron-weight"),
    Talk(("When does the town library open?", "What do they charge for a card?"), "library-fees"),
    Talk(("When does the town library open?", "Who founded it?"), "library-founded"),
    Talk(("Who owned the paper mill at Orsk?", "When was it built?"), "mill-built"),
    Talk(("When was the paper mill at Orsk built?", "And what is it now?"), "mill-today"),
    Talk(("When was the paper mill at Orsk built?", "Who did it belong to before that?"), "mill-owner"),
    Talk(("Wie hoch ist der Kachelofen Hesta?", "Und was kostet er?"), "ofen-preis"),
    Talk(("Was kostet der Kachelofen Hesta?", "Wie viel Holz braucht er dafür?"), "ofen-holz"),
    Talk(("Was kostet der Kachelofen Hesta?", "Und das Ruderboot?"), "boot-preis"),
    Talk(("Wie viele Personen trägt das Ruderboot Mira?", "Wie schwer ist es?"), "boot-gewicht"),
    Talk(("Quelle est la hauteur du phare de Kerlann ?", "Et quand a-t-il été construit ?"), "phare-construction"),
    Talk(("Quelle est la longueur du pont de Trévou ?", "Quand a-t-il été construit ?"), "pont-construction"),
    Talk(("云雾绿茶产于哪里？", "它多少钱？"), "茶-价格"),
    Talk(("桂花米酒多少钱？", "那它是哪里酿造的？"), "酒-产地"),
]

STAND_ALONE = [
    Talk(("How much is the Heron?", "When was the paper mill at Orsk built?"), "mill-built"),
    Talk(("When was the paper mill at Orsk built?", "How heavy is the Swift bicycle?"), "swift-weight"),
    Talk(("Who founded the town library?", "What does a Heron cost?"), "heron-price"),
    Talk(("What does a Heron cost?", "How long does it take to get a card of the town library?"), "library-fees"),
    Talk(("How heavy is the Swift?", "Is it true that the paper mill at Orsk is a museum?"), "mill-today"),
    Talk(("How much is the Heron?", "Swift warranty"), "swift-warranty"),
    Talk(("How much is the Heron?", "library opening hours"), "library-hours"),
    Talk(("Was kostet der Kachelofen Hesta?", "Was wiegt das Ruderboot Mira?"), "boot-gewicht"),
    Talk(("Was kostet das Ruderboot Mira?", "Wie viel Holz braucht der Kachelofen Hesta?"), "ofen-holz"),
    Talk(
        ("Quelle est la longueur du pont de Trévou ?", "Quelle est la hauteur du phare de Kerlann ?"), "phare-hauteur"
    ),
    Talk(("云雾绿茶产于哪里？", "桂花米酒一瓶多少钱？"), "酒-价格"),
]

# Their words do not tell whether the last question goes on or begins something else.
DOUBTFUL = [
    Talk(("Tell me about the Swift.", "and the price?"), "swift-price"),
    Talk(("Tell me about the Swift.", "warranty?"), "swift-warranty"),
    Talk(("Tell me about the Heron.", "And how long is the warranty period?"), "heron-warranty"),
    Talk(("What is the Heron made of?", "And when does the town library open?"), "library-hours"),
    Talk(("How much is the Heron?", "So who founded the library?"), "library-founded"),
    Talk(("How much is the Heron?", "Does this library cost anything?"), "library-fees"),
    Talk(("How much is the Heron?", "How long is that warranty?"), "heron-warranty"),
    Talk(("How much is the Heron?", "museum"), "mill-today"),
    Talk(("Tell me about the Swift.", "And who owned the paper mill before the war?"), "mill-owner"),
    Talk(("How much is the Heron?", "And when was the mill at Orsk built?"), "mill-built"),
    Talk(("Tell me about the Swift.", "And how much does a Heron cost?"), "heron-price"),
    Talk(("Was kostet der Kachelofen Hesta?", "Und wie schwer ist das Ruderboot Mira?"), "boot-gewicht"),
    Talk(("Tell me about the Swift.", "And who founded the library?", "When does it open?"), "library-hours"),
    Talk(("How heavy is the Heron?", "And the Swift?", "How much does it cost?"), "swift-price"),
    Talk(("How much is the Heron?", "Does the Swift weigh more than it?"), "swift-weight"),
]
