import torch

from headrace.trainers.samples.rows import gathered


def test_gathered_rows():
    rows = torch.rand(2, 5, 3)
    index = torch.tensor([[4, 0], [1, 1]])
    assert torch.equal(gathered(rows, index), torch.stack([rows[0, [4, 0]], rows[1, [1, 1]]]))
