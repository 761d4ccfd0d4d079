"""Documents of a study: methods, results and an interpretation card as HTML, Markdown and LaTeX."""
