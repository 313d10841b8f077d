"""CIEDE2000 against its authors' published pairs, and L*a*b* against known colours."""

from __future__ import annotations

import numpy as np
import pytest

from mattebox.measure.colour import ciede2000, lab

PUBLISHED = """
50 2.6772 -79.7751  50 0 -82.7485  2.0425
50 3.1571 -77.2803  50 0 -82.7485  2.8615
50 2.8361 -74.0200  50 0 -82.7485  3.4412
50 -1.3802 -84.2814  50 0 -82.7485  1.0000
50 -1.1848 -84.8006  50 0 -82.7485  1.0000
50 -0.9009 -85.5211  50 0 -82.7485  1.0000
50 0 0  50 -1 2  2.3669
50 -1 2  50 0 0  2.3669
50 2.49 -0.001  50 -2.49 0.0009  7.1792
50 2.49 -0.001  50 -2.49 0.0010  7.1792
50 2.49 -0.001  50 -2.49 0.0011  7.2195
50 2.49 -0.001  50 -2.49 0.0012  7.2195
50 -0.001 2.49  50 0.0009 -2.49  4.8045
50 -0.001 2.49  50 0.0010 -2.49  4.8045
50 -0.001 2.49  50 0.0011 -2.49  4.7461
50 2.5 0  50 0 -2.5  4.3065
50 2.5 0  73 25 -18  27.1492
50 2.5 0  61 -5 29  22.8977
50 2.5 0  56 -27 -3  31.9030
50 2.5 0  58 24 15  19.4535
50 2.5 0  50 3.1736 0.5854  1.0000
50 2.5 0  50 3.2972 0  1.0000
50 2.5 0  50 1.8634 0.5757  1.0000
50 2.5 0  50 3.2592 0.3350  1.0000
60.2574 -34.0099 36.2677  60.4626 -34.1751 39.4387  1.2644
63.0109 -31.0961 -5.8663  62.8187 -29.7946 -4.0864  1.2630
61.2901 3.7196 -5.3901  61.4292 2.2480 -4.9620  1.8731
35.0831 -44.1164 3.7933  35.0232 -40.0716 1.5901  1.8645
22.7233 20.0904 -46.6940  23.0331 14.9730 -42.5619  2.0373
36.4612 47.8580 18.3852  36.2715 50.5065 21.2231  1.4146
90.8027 -2.0831 1.4410  91.1528 -1.6435 0.0447  1.4441
90.9257 -0.5406 -0.9208  88.6381 -0.8985 -0.7239  1.5381
6.7747 -0.2908 -2.4247  5.8714 -0.0985 -2.2286  0.6377
2.0776 0.0795 -1.1350  0.9033 -0.0636 -0.5514  0.9082
"""
"""Table 1 of Sharma, Wu and Dalal (2005): two L*a*b* colours and their difference."""

TABLE = np.array([[float(word) for word in line.split()] for line in PUBLISHED.strip().split("\n")])


def test_the_published_pairs_come_out_to_four_places_in_either_order() -> None:
    assert TABLE.shape == (34, 7)
    first, second, expected = TABLE[:, :3], TABLE[:, 3:6], TABLE[:, 6]
    assert ciede2000(first, second) == pytest.approx(expected, abs=5.1e-5)
    assert ciede2000(second, first) == pytest.approx(expected, abs=5.1e-5)


def test_equal_colours_do_not_differ() -> None:
    colours = TABLE[:, :3]
    assert ciede2000(colours, colours) == pytest.approx(np.zeros(34), abs=1e-12)


def test_white_black_and_grey_are_neutral() -> None:
    found = lab(np.array([[1.0, 1.0, 1.0], [0.0, 0.0, 0.0], [0.18, 0.18, 0.18]]))
    assert found[:, 0] == pytest.approx([100.0, 0.0, 49.496], abs=1e-3)
    assert found[:, 1:] == pytest.approx(np.zeros((3, 2)), abs=1e-10)


def test_the_primaries_lie_where_bt709_has_them() -> None:
    found = lab(np.eye(3, dtype=np.float32))
    expected = [[53.23, 80.11, 67.22], [87.74, -86.18, 83.18], [32.30, 79.20, -107.86]]
    assert found == pytest.approx(np.array(expected), abs=0.02)


def test_what_are_not_pairs_of_colours_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\(2, 3\) and \(3,\)"):
        ciede2000(np.zeros((2, 3)), np.zeros(3))
    with pytest.raises(ValueError, match=r"\(4,\)"):
        ciede2000(np.zeros(4), np.zeros(4))
