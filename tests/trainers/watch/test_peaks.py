import pytest
import torch

from headrace.trainers.watch.peaks import listed_peak, peak


@pytest.mark.parametrize(
    ("name", "precision", "tensor_cores", "tera"),
    [
        ("NVIDIA H100 80GB HBM3", "bf16", False, 989.5),
        ("NVIDIA H100 80GB HBM3", "fp32", False, 67),
        ("NVIDIA H100 80GB HBM3", "fp32", True, 494.5),
        ("NVIDIA H100 PCIe", "fp16", True, 756),
        ("NVIDIA H200", "bf16", True, 989.5),
        ("NVIDIA H200 NVL", "bf16", True, 835.5),
        ("NVIDIA A100-SXM4-80GB", "bf16", True, 312),
        ("A100-PCIE-40GB", "fp32", True, 156),
        ("NVIDIA L4", "bf16", True, 121),
        ("NVIDIA L40S", "bf16", True, 362),
        ("Tesla V100-SXM2-16GB", "fp16", True, 125),
        ("Tesla V100-SXM2-16GB", "fp32", True, 15.7),
        ("Tesla T4", "fp16", False, 65),
        ("NVIDIA GeForce RTX 4090", "bf16", True, 165.2),
    ],
)
def test_devices_are_found_by_their_names(name, precision, tensor_cores, tera):
    assert listed_peak(name, precision, tensor_cores) == tera * 1e12


@pytest.mark.parametrize("name", ["NVIDIA GeForce RTX 4090 Laptop GPU", "NVIDIA GeForce RTX 4090 D", "NVIDIA L400"])
def test_a_name_that_only_begins_alike_is_another_device(name):
    assert listed_peak(name, "bf16", True) is None


def test_a_mode_that_a_device_has_not_has_no_peak():
    assert listed_peak("Tesla V100-SXM2-16GB", "bf16", True) is None


def test_the_recipe_knows_better_and_nobody_knows_a_cpu():
    assert peak(torch.device("cpu"), "fp32", 1.5) == 1.5e12
    assert peak(torch.device("cpu"), "fp32", None) is None
