"""The same four filters on Japanese manual pages, where a word is a character, beside headrace's bare scan."""

from .documents import write_pages
from .harness import OURS, Benchmark, Contestant, Setting, Target
from .text_filters import MEGABYTES, SMALL, headrace, word_scan


def prepare(setting: Setting) -> None:
    write_pages(setting, "ja", SMALL if setting.small else MEGABYTES)


BENCHMARK = Benchmark(
    title="Text filters, Japanese",
    unit="MB",
    prepare=prepare,
    contestants=(Contestant("headrace", OURS, headrace), Contestant("bare word scan", OURS, word_scan)),
    targets=(Target("four text filters, Japanese", "bare word scan", "headrace", least=0.06),),
)
