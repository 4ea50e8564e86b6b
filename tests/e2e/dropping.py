"""Drops files into the composer of the demo page, as a person does with a mouse."""

from __future__ import annotations

from collections.abc import Mapping

from playwright.async_api import Page, expect

from tests.files.samples import in_base64

_TRANSFER = """files => {
  const data = new DataTransfer();
  for (const [name, content] of Object.entries(files)) {
    const bytes = Uint8Array.from(atob(content), each => each.charCodeAt(0));
    data.items.add(new File([bytes], name));
  }
  return data;
}"""


async def drop(page: Page, files: Mapping[str, bytes], composer: str = "channel") -> None:
    """Drop `files`, by their names."""
    named = {name: in_base64(content) for name, content in files.items()}
    transfer = await page.evaluate_handle(_TRANSFER, named)
    box = page.locator(f"[data-composer={composer}]")
    for event in ("dragover", "drop"):
        await box.dispatch_event(event, {"dataTransfer": transfer})
    tray = page.locator(f"[data-tray={composer}]")
    for name in files:
        await expect(tray).to_contain_text(name)
