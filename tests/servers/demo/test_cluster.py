"""What the demo says about a cluster that its nodes do not agree about."""

from __future__ import annotations

import pytest

from shop.demo import cluster
from shop.demo.cluster import Cluster


def test_a_cluster_that_does_not_agree_says_what_about(
    shared_cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "AGREEMENT_SECONDS", 0.0)
    monkeypatch.setattr(shared_cluster, "nodes", shared_cluster.nodes[:2])
    with pytest.raises(TimeoutError) as timeout:
        shared_cluster.wait_until_healthy()
    missing = [f"{node.port} knows 3 nodes and meets 0, of 2" for node in shared_cluster.nodes]
    assert str(timeout.value) == f"Timeout after 0 seconds, waiting until the cluster is well ({'; '.join(missing)})."
