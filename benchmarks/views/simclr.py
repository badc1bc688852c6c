"""The views of SimCLR, 2 x 224, of 256 photographs with 427 pixels on the shorter side: from tars of JPEG to batches.

All read the same tars, in shuffled order, and make batches of 64 on the processor: in one process, held to one core,
and with 2 workers of a DataLoader, which persist from epoch to epoch. All end in uint8 planes but lightly.

headrace draws the views first, decodes by simplejpeg no larger than they need, and renders into the batch. The peers
get what webdataset reads and Pillow decodes, always at full size (its `draft` would help where pictures are much larger
than their views; nobody's loader calls it). albumentations is a `Compose` of the paper's numbers with OpenCV's threads
off; its bicubic scaling does not antialias. torchvision is its second transforms with the paper's numbers on uint8
tensors, as its documentation advises; on Pillow's images they are slower. lightly is its own transform of that name,
whose default is bilinear; without normalisation, but it cannot be kept from ending in float32 between 0 and 1.
"""

from .side_by_side import side_by_side

BENCHMARK = side_by_side("SimCLR, 2 x 224", "simclr", "photos/427", samples=256, batch=64, least=1.8)
