#!/usr/bin/env python3
"""Looks up every link of the Markdown files to a file or heading of this project; ends with 1 if one leads nowhere."""
import os
import re
import subprocess
import sys

os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
pages = subprocess.run(["git", "ls-files", "*.md"], capture_output=True, text=True, check=True).stdout.split()


def anchor(heading):
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading.lstrip("#").strip().lower())
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def read(page):
    with open(page, encoding="utf-8") as file:
        # what stands in a code block is no heading and no link
        return re.sub(r"^\s*```.*?^\s*```", "", file.read(), flags=re.S | re.M)


texts = {page: read(page) for page in pages}
anchors = {page: {anchor(line) for line in text.splitlines() if line.startswith("#")} for page, text in texts.items()}
dead = []
for page, text in texts.items():
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, heading = link.partition("#")
        target = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page
        if not os.path.exists(target):
            dead.append(f"{page}: {link}: no such file")
        elif heading and target in anchors and heading not in anchors[target]:
            dead.append(f"{page}: {link}: no such heading")
# the README is where everybody begins: each page of docs is reached from it
dead += [f"README.md does not name {page}" for page in pages if re.fullmatch(r"docs/[^/]+\.md", page) and f"({page}" not in texts["README.md"]]
print("\n".join(dead) or f"{len(pages)} pages, no dead link", file=sys.stderr if dead else sys.stdout)
sys.exit(bool(dead))
