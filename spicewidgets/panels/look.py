"""The style sheet of the panels, beside the page's template, which needs it before there is a panel."""

from pathlib import Path

SHEET = Path(__file__).parents[1] / "jupyter" / "voila" / "templates" / "spicewidgets" / "panels.css"
STYLE = f"<style>{SHEET.read_text(encoding='utf-8')}</style>"
