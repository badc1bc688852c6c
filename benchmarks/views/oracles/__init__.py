"""Each operation of our views beside the same one of Pillow, torchvision and albumentations, on photographs."""
