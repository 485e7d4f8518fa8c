"""``conflictkg extract``: read an article and propose annotations."""

import datetime
import os
from pathlib import Path

import click

from conflictkg.cli.output import write_output
from conflictkg.sources.article.annotations import Annotations, dump_annotations, read_text
from conflictkg.sources.article.extract import FAMILIES, extract
from conflictkg.sources.article.llm import Endpoint, extract_with_model
from conflictkg.sources.article.score import report, score
from conflictkg.sources.article.scorekey import load_key, require_key_fits


@click.command()
@click.argument("article", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to write the annotations to, instead of standard output.",
)
@click.option(
    "--issued",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The article's day, where the text does not print it: dates such as 'today' are told from it.",
)
@click.option(
    "--extractor",
    type=click.Choice(["rules", "llm"]),
    default="rules",
    show_default=True,
    help="What reads: the rules, offline, or a language model at --llm-url.",
)
@click.option("--llm-url", help="Base address of an OpenAI-compatible chat endpoint.")
@click.option("--llm-model", help="Name of the model there.")
@click.option(
    "--llm-key-env",
    metavar="VARIABLE",
    help="Environment variable that holds the endpoint's key.",
)
@click.option(
    "--score",
    "key",
    type=click.Path(path_type=Path),
    help="Answer key: print precision, recall and F1 by kind instead of the annotations.",
)
@click.option(
    "--score-details", is_flag=True, help="With --score: also list what was missed and wrong."
)
@click.option(
    "--min-f1",
    type=click.FloatRange(0, 1),
    default=0.0,
    help="With --score: the total F1 below which the exit status is 1.",
)
@click.option(
    "--without",
    multiple=True,
    type=click.Choice(sorted(FAMILIES)),
    hidden=True,
    help="Leave a rule family out.",
)
def command(
    article: Path,
    output: Path | None,
    issued: datetime.datetime | None,
    extractor: str,
    llm_url: str | None,
    llm_model: str | None,
    llm_key_env: str | None,
    key: Path | None,
    score_details: bool,
    min_f1: float,
    without: tuple[str, ...],
) -> int:
    """Read ARTICLE, raw text as it came from the web, and write unreviewed annotations as JSON.

    With --score they are compared with an answer key. Exit status 0: done; 1: the article or the
    key cannot be used, a must-not-assert item was asserted, something came from comments or page
    chrome, or the score is below --min-f1; 2: the command line is wrong.
    """
    text = read_text(article)
    items = load_key(key) if key else None
    if items is not None:
        require_key_fits(items, text, str(key))
    if extractor == "llm":
        annotations = _ask_model(text, llm_url, llm_model, llm_key_env)
    else:
        day = issued.date() if issued else None
        annotations = extract(text, issued=day, without=without)
    if output is not None or items is None:
        write_output(dump_annotations(annotations).encode(), output)
    if items is None:
        return 0
    result = score(annotations, items, text)
    click.echo(report(result, details=score_details), nl=False)
    return 0 if result.is_clean and result.total.f1 >= min_f1 else 1


def _ask_model(
    text: str, url: str | None, model: str | None, key_variable: str | None
) -> Annotations:
    if not url or not model:
        raise click.UsageError("--extractor llm needs --llm-url and --llm-model.")
    secret = None
    if key_variable:
        secret = os.environ.get(key_variable)
        if not secret:
            raise click.UsageError(
                f"--llm-key-env: the environment variable {key_variable} is not set."
            )
    guarded = extract_with_model(text, Endpoint(url=url, model=model, key=secret))
    click.echo(f"conflictkg: {guarded.summary()}", err=True)
    return guarded.annotations
