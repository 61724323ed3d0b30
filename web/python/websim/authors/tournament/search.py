"""Which weights are tried next: CMA-ES on the logarithms of their sizes, or a control's."""

from dataclasses import replace

import numpy as np
from cmaes import CMA

from websim.authors.candidates import Candidate
from websim.authors.tournament.records import Control, Search
from websim.authors.weights import weights_of, with_weights

SIGMA = 1.0
"""Standard deviation of the logarithms at first: a factor of 2.7. In few generations it hardly
adapts."""

FARTHEST = float(np.log(100.0))
"""How far a logarithm may go from where it began."""

RANDOM = float(np.log(10.0))
"""Random weights lie within a factor of ten of their common size, either way."""


def begin(base: int, candidate: Candidate) -> Search | None:
    """A search from a candidate's weights; None where it has none to vary.

    Args:
        base: Number of its entry.
        candidate: It. A weight of 0 stays 0.
    """
    try:
        weights = {term: value for term, value in weights_of(candidate.reward).items() if value}
    except SyntaxError:  # which its first job tells
        return None
    if not weights:
        return None
    values = np.array(list(weights.values()))
    return Search(
        base=base,
        terms=list(weights),
        signs=np.sign(values).tolist(),
        mean=np.log(np.abs(values)).tolist(),
    )


def population_size(search: Search) -> int:
    """How many vectors a generation has; Hansen's choice for so many terms."""
    return int(CMA(np.array(search.mean), SIGMA).population_size)


def next_vectors(search: Search, seed: int, control: Control) -> list[list[float]]:
    """The vectors of the next generation [population][terms], all of those before being judged.

    The state of CMA-ES follows from what it was told, so that is all that is kept.
    """
    count = population_size(search)
    if control == "random-weights":
        rng = np.random.default_rng([seed, 2, len(search.generations)])
        size = float(np.mean(search.mean))
        vectors = size + rng.uniform(-RANDOM, RANDOM, (count, len(search.mean)))
        return [vector.tolist() for vector in vectors]
    mean = np.array(search.mean)
    bounds = np.stack([mean - FARTHEST, mean + FARTHEST], axis=1)
    optimizer = CMA(mean, SIGMA, bounds=bounds, seed=seed)
    for generation in search.generations:
        for _ in generation.vectors:
            optimizer.ask()  # so that its generator has gone on as it had
        told = zip(generation.vectors, generation.values, strict=True)
        optimizer.tell([(np.array(vector), -value) for vector, value in told])
    return [optimizer.ask().tolist() for _ in range(count)]


def weighted(candidate: Candidate, search: Search, vector: list[float], name: str) -> Candidate:
    """A candidate with the weights of a vector."""
    sizes = np.exp(vector)
    weights = dict(zip(search.terms, (sizes * search.signs).tolist(), strict=True))
    return replace(candidate, name=name, reward=with_weights(candidate.reward, weights))


def controlled(candidate: Candidate, control: Control, seed: int, number: int) -> Candidate:
    """A candidate as a control has it: its terms, with weights that nobody has chosen.

    They lie about a common size, the geometric mean of the candidate's own; signs stay.
    """
    search = begin(0, candidate) if control else None
    if search is None:
        return candidate
    size = float(np.mean(search.mean))
    if control == "equal-weights":
        return weighted(candidate, search, [size] * len(search.mean), f"{candidate.name}, equal")
    rng = np.random.default_rng([seed, 1, number])
    vector = size + rng.uniform(-RANDOM, RANDOM, len(search.mean))
    return weighted(candidate, search, vector.tolist(), f"{candidate.name}, random {number}")
