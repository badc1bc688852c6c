"""What is common all over the corpus, and is let stand: the rule, and how a leak is kept from passing for common.

Brown et al., "Language Models are Few-Shot Learners" (2020), appendix C: "We ignored 13-grams that matched more than 10
training documents, as inspection showed the majority of these to contain common cultural phrases, legal boilerplate, or
similar content". Their documents had been deduplicated. Taken by the letter, the rule lets a test that has leaked often
enough acquit itself: a thousand copies of its page are more than ten documents. Therefore here

- a document counts once for all that have its words: copies of one page are one witness (`by: texts`), or once for all
  of its host, so that one site is one witness (`by: hosts`);
- a document that holds at least half of an item (`copy_share`, by words) holds no phrase that happens to stand in the
  item, too, but the item: it is a witness for none of this item's n-grams, and for it none of them is common. However
  many documents hold half of an item, each of them is found.

So a document is found when it holds an n-gram that is not common, or so much of an item.
"""

import math
from dataclasses import dataclass, field

from ..filters.base import NO_KEYS, Keys

EVERYWHERE = "common all over the corpus"
"""Why such n-grams are not looked for, in the certificate."""


@dataclass(frozen=True)
class Commonness:
    """What is common.

    Args:
        copy_share: A document that holds at least this share of an item holds a copy of it; inf: none does.
        keys: uint64: the hashes of the n-grams that are common elsewhere than in copies.
    """

    copy_share: float = math.inf
    keys: Keys = field(default_factory=lambda: NO_KEYS)
