"""The table of `test_nt_xent.py`, by lightly.

    pip install lightly==1.6.0 && python tests/trainers/losses/lightly_nt_xent.py

For each (samples, features, temperature) the mean loss, and the norms of its gradient to the first and to the second
views.
"""

import numpy as np
import torch
from lightly.loss import NTXentLoss

for samples, features, temperature in [(2, 3, 0.5), (5, 8, 0.1), (16, 4, 1.0), (33, 16, 0.07)]:
    rng = np.random.default_rng([samples, features])
    views = torch.tensor(rng.standard_normal((2, samples, features)), requires_grad=True)
    loss = NTXentLoss(temperature=temperature)(*views)
    loss.backward()
    values = [loss.item(), *views.grad.norm(dim=(1, 2)).tolist()]
    print(f"    ({samples}, {features}, {temperature}): {tuple(round(value, 10) for value in values)},")
