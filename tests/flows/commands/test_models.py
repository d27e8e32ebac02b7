"""Commands that run models; their experiments are tested in tests/flows/studies."""

from .process import refused, softermax


def test_score_statistics_refuses_before_it_runs_a_model(tmp_path):
    text = "--plot must be a name that ends with .svg or .png, not 'scores.pdf'"
    assert refused(softermax("score-statistics", "--plot", "scores.pdf", cwd=tmp_path)) == text
    text = "Invalid value for '--input-format': a format must be written Q(i,f) or UQ(i,f), not 'Q6'"
    assert refused(softermax("score-statistics", "--input-format", "Q6", cwd=tmp_path)) == text
