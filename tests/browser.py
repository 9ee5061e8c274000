"""A headless Chromium for the tests of pages: no network, a fresh profile, a screen of a given size and scheme."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

INSTALL = "chromium or chromedriver is not here: apt-get install chromium chromium-driver"
_FLAGS = """--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
    --disable-component-update --disable-sync --disable-dev-shm-usage --hide-scrollbars --force-color-profile=srgb
    --proxy-server=127.0.0.1:9 --proxy-bypass-list=<-loopback>""".split()


def is_here() -> bool:
    """Whether the browser and its driver are installed."""
    return bool(shutil.which("chromium") and shutil.which("chromedriver"))


class Browser:
    """One window."""

    def __init__(self, driver: Any, downloads: Path) -> None:
        self.driver = driver
        self.downloads = downloads

    def cdp(self, command: str, **arguments: Any) -> Any:
        """A command of the developer tools' protocol."""
        return self.driver.execute_cdp_cmd(command, arguments)

    def screen(self, width: int = 1200, height: int = 900, *, dark: bool = False, media: str = "", factor: float = 1) -> None:
        """A screen of that size and scheme."""
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=factor, mobile=width < 500)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.cdp("Emulation.setEmulatedMedia", media=media, features=[scheme])

    def open(self, page: Path) -> None:
        """Load a page and wait until its script is done; what it may not do is kept in ``violations``."""
        self.driver.get("about:blank")
        self.driver.get(page.as_uri())
        assert self.js("return document.documentElement.dataset.ready") == "", self.driver.get_log("browser")
        self.driver.execute_async_script("document.fonts.ready.then(arguments[0])")

    def js(self, script: str, *arguments: Any) -> Any:
        """What a script returns."""
        return self.driver.execute_script(script, *arguments)

    def keys(self, *keys: str) -> None:
        """Type keys."""
        from selenium.webdriver import ActionChains

        actions = ActionChains(self.driver)
        for key in keys:
            actions.send_keys(key)
        actions.perform()

    def log(self) -> list[str]:
        """What the browser complained of since it was last asked: errors of scripts, what the page's policy forbade, failed requests."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def shot(self, path: Path, *, full: bool = False) -> None:
        """A picture of the window, or of the whole page."""
        from base64 import b64decode

        path.write_bytes(b64decode(self.cdp("Page.captureScreenshot", captureBeyondViewport=full)["data"]))


@contextmanager
def chromium(folder: Path) -> Iterator[Browser]:
    """A window that keeps its profile and what it saves in a folder."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for flag in (*_FLAGS, f"--user-data-dir={folder / 'profile'}"):
        options.add_argument(flag)
    downloads = folder / "downloads"
    downloads.mkdir()
    options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = webdriver.ChromeService(executable_path=shutil.which("chromedriver"))
    driver = webdriver.Chrome(options=options, service=service)
    try:
        yield Browser(driver, downloads)
    finally:
        driver.quit()
