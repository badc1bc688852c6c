"""What a device can do at most: dense 10^12 floating-point operations a second, by the vendor's data sheets.

NVIDIA's data sheets of the products named (H100, H200, HGX B200, A100, A30, A10, L4, L40, L40S, V100, T4), and the
white papers of GA102 and AD102 for GeForce, whose half precision is that with fp32 accumulation. Where a sheet gives
rates with 2:4 sparsity only, they are halved.
"""

import re
from dataclasses import dataclass

import torch

TERA = 1e12


@dataclass(frozen=True)
class Peak:
    """Of one kind of device, in 10^12 operations a second.

    Args:
        name: What `torch.cuda.get_device_name` says, a regular expression for the whole of it.
        fp32: Without tensor cores.
        tf32: Of fp32 matrices whose products are rounded to TF32; None where there is no such mode.
        fp16: On tensor cores.
        bf16: On tensor cores; None where they cannot.
    """

    name: str
    fp32: float
    tf32: float | None
    fp16: float
    bf16: float | None


PEAKS = (
    Peak(r"NVIDIA B200", 75, 1125, 2250, 2250),
    Peak(r"NVIDIA H200 NVL", 60, 417.5, 835.5, 835.5),
    Peak(r"NVIDIA H200( \d+GB.*)?", 67, 494.5, 989.5, 989.5),
    Peak(r"NVIDIA H100 NVL", 60, 417.5, 835.5, 835.5),
    Peak(r"NVIDIA H100 PCIe", 51, 378, 756, 756),
    Peak(r"NVIDIA H100 80GB HBM3", 67, 494.5, 989.5, 989.5),
    Peak(r"(NVIDIA )?A100-.*|NVIDIA A100 .*", 19.5, 156, 312, 312),
    Peak(r"NVIDIA A30", 10.3, 82, 165, 165),
    Peak(r"NVIDIA A10", 31.2, 62.5, 125, 125),
    Peak(r"NVIDIA L4", 30.3, 60, 121, 121),
    Peak(r"NVIDIA L40", 90.5, 90.5, 181, 181),
    Peak(r"NVIDIA L40S", 91.6, 183, 362, 362),
    Peak(r"Tesla V100-SXM2-.*", 15.7, None, 125, None),
    Peak(r"Tesla V100-PCIE-.*", 14, None, 112, None),
    Peak(r"Tesla T4", 8.1, None, 65, None),
    Peak(r"NVIDIA GeForce RTX 3090", 35.6, 35.6, 71, 71),
    Peak(r"NVIDIA GeForce RTX 4090", 82.6, 82.6, 165.2, 165.2),
)


def peak(device: torch.device, precision: str, told: float | None) -> float | None:
    """Operations a second of a device at most; None where nobody knows, as of CPUs.

    Args:
        device: Where the network computes.
        precision: Of the forward pass: fp32, bf16 or fp16.
        told: What the recipe says, in 10^12 a second; it counts before the table.
    """
    if told is not None:
        return told * TERA
    if device.type != "cuda":
        return None
    tensor_cores = torch.get_float32_matmul_precision() != "highest"
    return listed_peak(torch.cuda.get_device_name(device), precision, tensor_cores)


def listed_peak(name: str, precision: str, tensor_cores: bool) -> float | None:
    """Operations a second by the table; None of a device that it does not know, or that has no such mode.

    Args:
        name: The device's name.
        precision: fp32, bf16 or fp16.
        tensor_cores: Whether fp32 matrices may be multiplied as TF32.
    """
    row = next((each for each in PEAKS if re.fullmatch(each.name, name)), None)
    if row is None:
        return None
    mode = "tf32" if precision == "fp32" and tensor_cores and row.tf32 else precision
    tera: float | None = getattr(row, mode)
    return None if tera is None else tera * TERA
