"""Made-up evaluations of two libraries, near what was measured once."""

from softermax.flows.measurement.ratios import with_ratios

#: For each unit and design: um2 for a lane, share of flip-flops, pJ for a row of 384 elements, glitch factor.
DESIGNS = {
    ("unnormed", "paper", "multiply"): (31.0, 0.35, 23.9, 2.37),
    ("unnormed", "faithful", "row_product"): (33.3, 0.3, 25.0, 2.57),
    ("unnormed", "fp16", "divide"): (153.7, 0.25, 84.6, 2.73),
    ("normalization", "paper", "multiply"): (75.9, 0.15, 17.1, 2.46),
    ("normalization", "faithful", "row_product"): (21.4, 0.4, 10.3, 1.45),
    ("normalization", "fp16", "divide"): (102.3, 0.5, 45.3, 2.20),
    ("normalization", "fp16", "multiply"): (67.3, 0.25, 22.4, 2.20),
    ("softmax", "paper", "multiply"): (156.8, 0.55, 71.0, 1.6),
    ("softmax", "faithful", "row_product"): (92.2, 0.6, 52.0, 1.7),
    ("softmax", "fp16", "divide"): (391.1, 0.6, 205.0, 1.5),
    ("softmax", "fp16", "multiply"): (376.8, 0.6, 189.0, 1.5),
    ("pe", "paper", "multiply"): (1572.5, 0.2, 2212.0, 1.9),
    ("pe", "faithful", "row_product"): (1536.4, 0.2, 2190.0, 1.9),
    ("pe", "fp16", "divide"): (1722.9, 0.2, 2391.0, 1.9),
    ("pe", "fp16", "multiply"): (1702.4, 0.2, 2380.0, 1.9),
}
LENGTHS = (64, 128, 256, 512, 1024, 2048, 4096)
TOKENS = (64, 128, 256, 384, 512, 768, 1024)
#: For each library: units of areas and of energies, and how much of each is one um2 and one pJ.
LIBRARIES = {"asap7": ("um2", 1.0, "pJ", 1.0), "generic": ("GE", 17.8, "k loads", 2.7)}


def made_up_evaluation(library: str) -> dict:
    """An evaluation as the command `softermax evaluate` makes it."""
    units = [_unit(library, *design, lanes) for design in DESIGNS for lanes in (16, 32)]
    # Plots take time: those of one library are enough.
    further = [design for design in DESIGNS if library == "asap7" or design[0] == "unnormed"]
    long = [_unit(library, *design, 32, 1024) for design in further if design[0] != "softmax"]
    lengths = [_at_length(unit, tokens) for unit in long for tokens in TOKENS]
    sizes = [(lanes, 384) for lanes in (4, 8, 16, 32, 64)] + [(16, max_len) for max_len in LENGTHS]
    sweeps = [_swept(_unit(library, *design, *size)) for design in further if design[0] != "pe" for size in sizes]
    for result in with_ratios(units):
        if result["unit"] == "pe":
            for name, change in (("half", 0.005), ("double", -0.005)):
                result[f"energy_ratio_{name}_memory"] = round(result["energy_ratio"] - change, 4)
    return {
        "provenance": {
            "commit": "0123456789abcdef0123456789abcdef01234567",
            "dirty": False,
            "library": library,
            "liberty_files": [] if library == "generic" else [{"name": f"{library}.lib.gz", "sha256": "ab" * 32}],
            "recipe": "balanced",
            "period": 1000.0,
            "versions": {"python": "3.11.7", "numpy": "2.4.6", "pyosys": "0.70"},
        },
        "units": units,
        "lengths": with_ratios(lengths),
        "sweeps": with_ratios(sweeps),
    }


def _unit(library, unit, preset, normalizer, lanes, max_len=384):
    area_unit, area_scale, energy_unit, energy_scale = LIBRARIES[library]
    per_lane, sequential, energy, glitches = DESIGNS[unit, preset, normalizer]
    memory = 0.3 if unit == "pe" else 0.0
    longer = 0.6 + 0.4 * max_len / 384 if unit == "softmax" else 1.0
    area = round(area_scale * per_lane * lanes**1.02 / 1.07 * longer, 3)
    energy = round(energy_scale * energy * (1 + 3 / lanes), 4)
    memory_energy = round(0.2 * energy, 4) if unit == "pe" else None
    logic = energy * (0.8 if unit == "pe" else 1.0)
    result = {"unit": unit, "preset": preset, "lanes": lanes, "max_len": max_len, "normalizer": normalizer}
    if unit == "pe":
        result["values"] = False
    if preset == "paper" and max_len > 1023:
        result["saturate"] = "True"
    result |= {
        "recipe": "balanced",
        "area": area,
        "sequential_area": round(area * sequential, 3),
        "combinational_area": round(area * (1 - sequential - memory), 3),
        "memory_area": round(area * memory, 3) if memory else None,
        "area_per_lane": round(area / lanes, 3),
        "area_unit": area_unit,
        "period": 1249.7,
        "fo4": 19.53,
        "period_in_fo4": 64.0,
        "starts": "unnormed.maximum[3]",
        "ends": "unnormed.power_sum[17]",
        "tokens": 384,
        "energy_per_row": energy,
        "net_switching_energy": round(0.5 * logic, 4),
        "cells_energy": round(0.2 * logic, 4) if energy_unit == "pJ" else 0.0,
        "clock_energy": round(0.28 * logic, 4),
        "leakage_energy": round(0.02 * logic, 4),
        "memory_energy": memory_energy,
        "energy_unit": energy_unit,
        "energy_per_element": round(1000 * energy / 384, 3),
        "glitch_factor": glitches,
        "energy_with_glitches": round(energy + 0.7 * logic * (glitches - 1), 4),
        "mismatches": 0,
    }
    return result | (_parts(result) if unit == "pe" else {})


def _parts(result):
    shares = {"operands": 0.33, "mac_array": 0.57, "requantiser": 0.06, "softmax": 0.034, "registers": 0.004}
    shares["sequencer"] = 0.002
    if result["preset"] == "fp16":
        shares |= {"mac_array": 0.5, "softmax": 0.104, "score_converter": 0.01}
    parts = {f"{part}_area": round(result["area"] * share, 3) for part, share in shares.items()}
    energies = {f"{part}_energy": round(result["energy_per_row"] * share, 4) for part, share in shares.items()}
    return parts | energies | {"rest_area": round(result["area"] - parts["softmax_area"], 3)}


def _at_length(result, tokens):
    grown = {
        name: value for name, value in result.items() if "energy" in name or name in ("glitch_factor", "mismatches")
    }
    for name, value in grown.items():
        if isinstance(value, float) and name != "glitch_factor":
            grown[name] = round(value * (0.02 + tokens / 384), 4)
    named = ("unit", "preset", "lanes", "max_len", "normalizer", "saturate")
    identity = {name: result[name] for name in named if name in result}
    grown["energy_per_element"] = round(1000 * grown["energy_per_row"] / tokens, 3)
    return identity | {"tokens": tokens} | grown


def _swept(result):
    areas = {name: value for name, value in result.items() if "energy" not in name and name != "tokens"}
    memory = round(0.4 * result["area"], 3) if result["unit"] == "softmax" else None
    return areas | {"recipe": "least-area", "memory_area": memory}
