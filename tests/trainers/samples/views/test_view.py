import pytest
from pydantic import ValidationError

from headrace.trainers.samples.views.view import View


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"scale": (0.5, 0.2)}, "the least first"),
        ({"scale": (0.0, 1.0)}, "greater than 0"),
        ({"scale": (0.5, 1.5)}, "less than or equal to 1"),
        ({"ratio": (0.5, float("inf"))}, "finite"),
        ({"size": 0}, "greater than or equal to 1"),
        ({"horizontal_flip": 1.1}, "less than or equal to 1"),
        ({"grayscale": float("nan")}, "input_value=nan"),
        ({"interpolation": "lanczos"}, "'bilinear' or 'bicubic'"),
        ({"angles": (45,)}, "0, 90, 180 or 270"),
        ({"angles": ()}, "at least 1"),
        ({"color_jitter": {"hue": 0.6}}, "less than or equal to 0.5"),
        ({"gaussian_blur": {"kernel_size": 4}}, "an odd number"),
        ({"solarize": {"threshold": 256}}, "less than or equal to 255"),
        ({"blur": 0.5}, "Unexpected keyword"),
    ],
)
def test_parameters_out_of_range_are_refused(parameters, told):
    with pytest.raises(ValidationError, match=told):
        View(**parameters)
