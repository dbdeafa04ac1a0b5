#!/usr/bin/env python3
"""Opens a report (simulate report) in headless Chromium and checks that it can be read.

    python3 Scripts/check_report.py R.html [--screenshots FOLDER]

At 1280 and 400 pixels, light and dark: the console and the log are empty; only the file itself is requested; pictures
load, have alternative texts and are not tiny; the contrast is at least 4.5 (WCAG 2.1 AA) and letters have at least 12
pixels; headings skip no level; pictures, tables and regions have names; links lead somewhere; Tab reaches links,
folds and what scrolls. At 320, 480, 768, 1100 and 1600 pixels, with everything unfolded: nothing reaches beyond its
container or the window, no text is cut, no rows overlap. The file has less than 5 MB.

Exits 1 and lists the problems, if there are any. Needs Chromium (apt-get install chromium) and Python's own library.
"""

import argparse
import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

# A script for a window of the given width. It opens all `details` and lists what is cut: elements that reach beyond
# the window or their container, boxes that hold more than they show, texts whose letters lie outside the box of
# their element, and rows that overlap. Texts for screen readers only (clipped, or placed outside the page) do not
# count.
WIDTHS = r"""
(width => {
  const problems = [];
  for (const fold of document.querySelectorAll("details")) fold.open = true;
  const root = document.documentElement;
  if (root.scrollWidth > width) problems.push(`the page is ${root.scrollWidth} wide`);
  const words = element => `${element.tagName.toLowerCase()} "${element.textContent.trim().replace(/\s+/g, " ").slice(0, 40)}"`;
  const isForReaders = element => {
    for (let e = element; e && e !== document.body; e = e.parentElement) {
      const style = getComputedStyle(e);
      if (style.clipPath !== "none" || (style.position === "absolute" && e.getBoundingClientRect().right <= 0)) return true;
    }
    return false;
  };
  let texts = 0;
  for (const element of document.body.querySelectorAll("*")) {
    const style = getComputedStyle(element);
    if (style.display === "none" || style.display === "contents" || element.tagName === "WBR" || isForReaders(element)) continue;
    const box = element.getBoundingClientRect();
    if (box.width === 0 && box.height === 0) continue;
    if (box.left < -0.5 || box.right > width + 0.5) problems.push(`beyond the window: ${words(element)}`);
    const container = element.parentElement.getBoundingClientRect();
    if (container.width > 0 && (box.right > container.right + 1 || box.left < container.left - 1))
      problems.push(`beyond its container: ${words(element)} by ${(box.right - container.right).toFixed(1)}`);
    if (style.display !== "inline" && element.clientWidth > 0 && element.scrollWidth > element.clientWidth + 1)
      problems.push(`holds more than it shows: ${words(element)}, ${element.scrollWidth} in ${element.clientWidth}`);
    if (style.overflowY !== "visible" && element.scrollHeight > element.clientHeight + 1)
      problems.push(`cut below: ${words(element)}`);
    if (style.textOverflow !== "clip" || style.webkitLineClamp !== "none") problems.push(`a cut text: ${words(element)}`);
  }
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (!node.textContent.trim() || isForReaders(node.parentElement)) continue;
    if (getComputedStyle(node.parentElement).display === "none") continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const letters = range.getBoundingClientRect();
    if (letters.width === 0) continue;
    texts += 1;
    let block = node.parentElement;
    while (getComputedStyle(block).display === "inline") block = block.parentElement;
    const box = block.getBoundingClientRect();
    if (letters.left < box.left - 1 || letters.right > box.right + 1 || letters.bottom > box.bottom + 2)
      problems.push(`a text outside its box: ${node.textContent.trim().slice(0, 40)}`);
  }
  for (const table of document.querySelectorAll("table")) {
    let bottom = -Infinity;
    for (const row of table.querySelectorAll("tbody tr")) {
      const box = row.getBoundingClientRect();
      if (box.top < bottom - 1) problems.push(`rows overlap: ${words(row)}`);
      bottom = box.bottom;
    }
  }
  return {problems: problems.slice(0, 20), texts, height: root.scrollHeight};
})"""

# A script for a window of the given width. It lists faults of the page's width, language, title, pictures,
# contrast, font sizes, headings and links, and what scrolls but is not reached by Tab.
PAGE = r"""
(width => {
  const problems = [];
  const root = document.documentElement;
  if (root.scrollWidth > width) problems.push(`the page is ${root.scrollWidth} wide`);
  if (root.lang !== "en") problems.push("no language");
  if (!document.title) problems.push("no title");
  for (const image of document.images) {
    if (!image.alt || image.alt.length < 10) problems.push(`a picture without a text: ${image.alt}`);
    if (!image.complete || image.naturalWidth === 0) problems.push(`a picture that does not load: ${image.alt}`);
    const shown = image.getBoundingClientRect().width;
    if (shown < Math.min(300, width - 40)) problems.push(`a picture only ${shown} wide`);
  }
  const luminance = colour => {
    const parts = colour.match(/[\d.]+/g).slice(0, 3).map(Number)
      .map(v => v / 255).map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
  };
  const ground = element => {
    for (let e = element; e; e = e.parentElement) {
      const colour = getComputedStyle(e).backgroundColor;
      if (colour !== "rgba(0, 0, 0, 0)" && colour !== "transparent") return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (!node.textContent.trim()) continue;
    const element = node.parentElement;
    const style = getComputedStyle(element);
    const [a, b] = [luminance(style.color), luminance(ground(element))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) problems.push(`contrast ${contrast.toFixed(2)}: ${node.textContent.slice(0, 40)}`);
    if (parseFloat(style.fontSize) < 12) problems.push(`text of ${style.fontSize}: ${node.textContent.slice(0, 40)}`);
  }
  let level = 0;
  for (const heading of document.querySelectorAll("h1, h2, h3, h4")) {
    const next = Number(heading.tagName[1]);
    if (next > level + 1) problems.push(`heading ${heading.textContent} skips a level`);
    level = next;
  }
  for (const link of document.querySelectorAll("a")) {
    const target = link.getAttribute("href");
    if (!target.startsWith("#") || !document.getElementById(target.slice(1))) problems.push(`a dead link: ${target}`);
  }
  for (const element of document.querySelectorAll("*")) {
    const scrolls = ["auto", "scroll"].includes(getComputedStyle(element).overflowX);
    if (scrolls && element.scrollWidth > element.clientWidth && element.tabIndex < 0)
      problems.push(`what scrolls is not reached by Tab: ${element.tagName}`);
  }
  return {problems, images: document.images.length,
          focusable: document.querySelectorAll("a[href], summary, [tabindex='0']").length,
          background: getComputedStyle(document.body).backgroundColor, height: root.scrollHeight};
})"""


class Browser:
    """Chromium, controlled through two pipes by the DevTools protocol."""

    def __init__(self, profile: str) -> None:
        program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        if program is None:
            sys.exit("check_report: no Chromium found; apt-get install chromium")
        read_theirs, self.write_ours = os.pipe()
        self.read_ours, write_theirs = os.pipe()

        def connect() -> None:
            # Chromium expects the pipes at 3 and 4. They are first copied to high numbers, because either may
            # already be at 3 or 4.
            first, second = os.dup(read_theirs), os.dup(write_theirs)
            high = [os.dup2(first, 60), os.dup2(second, 61)]
            for place, source in zip((3, 4), high):
                os.dup2(source, place)
                os.set_inheritable(place, True)

        self.process = subprocess.Popen(
            [
                program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--remote-debugging-pipe",
                f"--user-data-dir={profile}", "about:blank",
            ],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, close_fds=False,
            preexec_fn=connect,
        )
        os.close(read_theirs)
        os.close(write_theirs)
        self.buffer = b""
        self.count = 0
        self.events: list[dict] = []

    def receive(self) -> dict:
        while b"\0" not in self.buffer:
            piece = os.read(self.read_ours, 1 << 20)
            if not piece:
                sys.exit("check_report: Chromium ended")
            self.buffer += piece
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def call(self, method: str, session: str | None = None, **parameters: object) -> dict:
        self.count += 1
        message = {"id": self.count, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self.write_ours, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == self.count:
                if "error" in answer:
                    sys.exit(f"check_report: {method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def wait(self, method: str) -> None:
        while not any(event.get("method") == method for event in self.events):
            self.events.append(self.receive())

    def close(self) -> None:
        self.process.terminate()
        self.process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("report", type=Path)
    parser.add_argument("--screenshots", type=Path, help="a folder for pictures of the page")
    options = parser.parse_args()
    address = options.report.resolve().as_uri()
    problems: list[str] = []
    size = options.report.stat().st_size
    if size >= 5_000_000:
        problems.append(f"{size} bytes, expected less than 5 MB")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(profile)
        try:
            for width in (1280, 400):
                for scheme in ("light", "dark"):
                    at = f"at {width} pixels, {scheme}"
                    found = look(browser, address, width, scheme, options)
                    problems += [f"{at}: {problem}" for problem in found["problems"]]
                    print(f"{at}: {found['images']} pictures, {found['focusable']} stops of Tab, ground {found['background']}")
            for width in (320, 480, 768, 1100, 1600):
                found = measure(browser, address, width, options)
                problems += [f"at {width} pixels: {problem}" for problem in found["problems"]]
                print(f"at {width} pixels: {found['texts']} texts, {found['height']} high")
        finally:
            browser.close()
    for problem in problems:
        print(f"FAILED {problem}")
    print(f"{options.report}: {size} bytes, {len(problems)} problems")
    sys.exit(1 if problems else 0)


def open_page(browser: Browser, address: str, width: int, scheme: str) -> tuple[str, str]:
    """Opens the page in a new window; returns the window's target and session."""
    browser.events.clear()
    target = browser.call("Target.createTarget", url="about:blank")["targetId"]
    session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    for domain in ("Page", "Runtime", "Log", "Network", "Accessibility"):
        browser.call(f"{domain}.enable", session)
    browser.call(
        "Emulation.setDeviceMetricsOverride", session, width=width, height=800, deviceScaleFactor=1, mobile=width < 600
    )
    browser.call("Emulation.setEmulatedMedia", session, features=[{"name": "prefers-color-scheme", "value": scheme}])
    browser.call("Page.navigate", session, url=address)
    browser.wait("Page.loadEventFired")
    return target, session


def photograph(browser: Browser, session: str, options: argparse.Namespace, name: str, width: int, height: int) -> None:
    """Saves a picture of the page (at most its upper 12,000 pixels) in the folder --screenshots, if it is given."""
    if not options.screenshots:
        return
    options.screenshots.mkdir(parents=True, exist_ok=True)
    picture = browser.call(
        "Page.captureScreenshot", session, format="png", captureBeyondViewport=True,
        clip={"x": 0, "y": 0, "width": width, "height": min(height, 12000), "scale": 1},
    )["data"]
    (options.screenshots / f"{options.report.stem}-{width}-{name}.png").write_bytes(base64.b64decode(picture))


def measure(browser: Browser, address: str, width: int, options: argparse.Namespace) -> dict:
    """Finds what is cut in a window of that width, with everything unfolded (WIDTHS)."""
    target, session = open_page(browser, address, width, "light")
    answer = browser.call(
        "Runtime.evaluate", session, expression=f"{WIDTHS.strip()}({width})", returnByValue=True
    )
    if "value" not in answer["result"]:
        sys.exit(f"check_report: the page cannot be measured: {answer}")
    found = answer["result"]["value"]
    photograph(browser, session, options, "unfolded", width, found["height"])
    browser.call("Target.closeTarget", targetId=target)
    return found


def look(browser: Browser, address: str, width: int, scheme: str, options: argparse.Namespace) -> dict:
    target, session = open_page(browser, address, width, scheme)

    def call(method: str, **parameters: object) -> dict:
        return browser.call(method, session, **parameters)

    found = call("Runtime.evaluate", expression=f"{PAGE.strip()}({width})", returnByValue=True)["result"]["value"]
    problems = found["problems"]

    # Pictures, tables and regions need a name that a screen reader can say.
    for node in call("Accessibility.getFullAXTree")["nodes"]:
        role = node.get("role", {}).get("value")
        if role in ("image", "img", "region", "navigation", "table") and not node.get("ignored"):
            if not node.get("name", {}).get("value"):
                problems.append(f"an element of role {role} without a name")

    # Tab must reach every stop once, the skip link first, and the focus must always be visible.
    places = []
    for _ in range(found["focusable"]):
        for kind in ("keyDown", "keyUp"):
            call("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9)
        state = call(
            "Runtime.evaluate", returnByValue=True,
            expression="(() => { const e = document.activeElement; const s = getComputedStyle(e);"
            " return [e.className, [...document.querySelectorAll('*')].indexOf(e), s.outlineStyle] })()",
        )["result"]["value"]
        places.append(state)
    if len({place[1] for place in places}) != found["focusable"]:
        problems.append(f"Tab reaches {len({place[1] for place in places})} of {found['focusable']} stops")
    if places and places[0][0] != "skip":
        problems.append("Tab does not begin with the link to the content")
    if any(place[2] == "none" for place in places):
        problems.append("a focus that is not seen")

    for event in browser.events:
        parameters = event.get("params", {})
        match event.get("method"):
            case "Runtime.consoleAPICalled" | "Runtime.exceptionThrown":
                problems.append(f"the console: {json.dumps(parameters)[:200]}")
            case "Log.entryAdded":
                problems.append(f"the log: {parameters['entry'].get('text', '')[:200]}")
            case "Network.requestWillBeSent":
                url = parameters["request"]["url"]
                if url != address and not url.startswith("data:"):
                    problems.append(f"a request for {url[:100]}")
    photograph(browser, session, options, scheme, width, found["height"])
    browser.call("Target.closeTarget", targetId=target)
    return found


if __name__ == "__main__":
    main()
