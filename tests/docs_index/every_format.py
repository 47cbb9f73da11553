"""A folder with one file of every format, each with a fact that stands nowhere else."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from tests.docs_index.files import write_docx, write_pdf
from tests.docs_index.office_files import write_epub, write_ods, write_odt, write_pptx, write_xlsx


@dataclass(frozen=True, slots=True)
class Fact:
    """What is asked, the words of the answer, and where they stand."""

    question: str
    answer: str
    place: str = ""
    section: str = ""  # the innermost


FACTS = {
    "tides.txt": Fact("How high was the water at Quillmouth?", "7.43 meters"),
    "bread.md": Fact("For how long does rye dough rest?", "eighteen hours", section="Rye"),
    "knots.rst": Fact("Which knot holds the sail of the Merganser?", "double sheet bend", section="Sails"),
    "garden.html": Fact("Who planted the apple tree?", "aunt Ottilie", section="Orchard"),
    "survey.pdf": Fact("When was the bridge painted?", "painted green in 1987", "Page 2"),
    "minutes.docx": Fact("What did the council pay for the clock tower?", "12,400 crowns", section="Minutes"),
    "talk.pptx": Fact("Which country buys the most herring?", "Portugal buys the most herring", "Slide 2", "Markets"),
    "prices.xlsx": Fact("What does a brass sextant cost?", "Price: 389", "Instruments, rows 2–4"),
    "crew.ods": Fact("What is the duty of Bartholomew?", "Duty: cook", "Crew, rows 2–4"),
    "oath.odt": Fact("What did the sailors swear at Candlemas?", "never to fish on a Sunday", section="Candlemas"),
    "will.rtf": Fact("Who inherits the silver compass?", "the silver compass to Rosalind"),
    "novel.epub": Fact("Where did Captain Hallgrim bury the map?", "under the third milestone", "The map", "The map"),
    "birds.csv": Fact("How many puffins nest on Sule Skerry?", "Count: 59471", "Rows 2–4"),
    "rain.tsv": Fact("How much rain fell in Ardnamurchan?", "Millimeters: 2133", "Rows 2–4"),
    "radio.json": Fact("On which channel is the harbor pilot?", "channel: 12", section="harbor pilot"),
    "log.jsonl": Fact("What broke on the engine of the Fulmar?", "the camshaft broke", "Records 1–2"),
    "stars.xml": Fact("Which star guides the fleet of Tarn?", "Kochab", section="the fleet of Tarn"),
    "invitation.eml": Fact("When does the ball at Greystone begin?", "half past nine"),
    "whales.ipynb": Fact("How long is the song of the bowhead?", "twenty-two minutes", "Cells 1–2", "Whales"),
    "winch.py": Fact(
        "Which function hauls in the anchor chain?", "haul_in_anchor_chain", "Lines 1–5", "haul_in_anchor_chain"
    ),
}
PRICES = [["Item", "Price"], ["brass sextant", 389], ["oil lamp", 41], ["compass", 97]]
CREW = [["Name", "Duty"], ["Bartholomew", "cook"], ["Agnes", "helm"], ["Tove", "nets"]]
WINCH = '''def haul_in_anchor_chain(winch):
    """Hauls in the anchor chain until the anchor hangs clear of the water."""
    while not winch.anchor_is_clear:
        winch.turn()
    return winch
'''


def write_every_format(folder: Path) -> list[str]:
    """The names of the files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts().items():
        (folder / name).write_text(text, encoding="utf-8")
    write_pdf(folder / "survey.pdf", ["Survey of the county.", "The bridge was last painted green in 1987."])
    write_docx(folder / "minutes.docx", ["The council repairs the clock tower for 12,400 crowns."], heading="Minutes")
    markets = "Portugal buys the most herring of all countries."
    write_pptx(folder / "talk.pptx", [("Herring", "A fish of the north."), ("Markets", markets)])
    write_xlsx(folder / "prices.xlsx", {"Instruments": PRICES})
    write_ods(folder / "crew.ods", {"Crew": CREW})
    oath = "At Candlemas the sailors swore never to fish on a Sunday."
    write_odt(folder / "oath.odt", f'<text:h text:outline-level="1">Candlemas</text:h><text:p>{oath}</text:p>')
    map_text = "Captain Hallgrim buried the map under the third milestone of the old road."
    write_epub(folder / "novel.epub", [f"<h1>The map</h1><p>{map_text}</p>"])
    return sorted(FACTS)


def texts() -> dict[str, str]:
    """The formats that are text."""
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": "# Whales"},
        {"cell_type": "markdown", "metadata": {}, "source": "The bowhead sings a song of twenty-two minutes."},
    ]
    engine = {"ship": "Fulmar", "event": "On the engine the camshaft broke off Stornoway."}
    return {
        "tides.txt": "The highest tide at Quillmouth was measured in 1962: 7.43 meters above the datum.",
        "bread.md": "# Bread\n\n## Rye\n\nRye dough rests for eighteen hours before it is baked.\n",
        "knots.rst": "Knots\n=====\n\nSails\n-----\n\nThe sail of the Merganser is held by a double sheet bend.\n",
        "garden.html": "<nav>Home</nav><h1>Orchard</h1><p>The apple tree was planted by aunt Ottilie.</p>",
        "will.rtf": r"{\rtf1\ansi I leave the silver compass to Rosalind, and the clock to my brother.\par}",
        "birds.csv": "Species,Island,Count\npuffins,Sule Skerry,59471\ngannets,Ailsa,33226\nskuas,Foula,1846\n",
        "rain.tsv": "Place\tMillimeters\nrain in Ardnamurchan\t2133\nrain in Kew\t601\nrain in Nairn\t622\n",
        "radio.json": json.dumps({"harbor pilot": {"channel": 12, "call": "radio of the harbor pilot"}}),
        "log.jsonl": f"{json.dumps(engine)}\n{json.dumps({'ship': 'Petrel', 'event': 'calm sea'})}\n",
        "stars.xml": "<fleet><name>the fleet of Tarn</name><star>guided by the star Kochab</star></fleet>",
        "invitation.eml": "From: a@b.example\nSubject: The ball\n\nThe ball at Greystone begins at half past nine.\n",
        "whales.ipynb": json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}),
        "winch.py": WINCH,
    }
