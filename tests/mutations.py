"""Wrong proofs made of a right one, generically on its JSON: what every referee has to refuse."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Proof = Mapping[str, Any]
RELATIONS = ("equal", "up-to-constant", "up-to-scale", "same-order")
#: Terms whose value is no number.
_OTHER = {
    "domain", "eq", "ne", "lt", "le", "gt", "ge", "and", "or", "not", "in", "vec", "diag", "inv", "eye", "softmax",
    "simplex", "categories", "onehot", "counts", "power_domain", "posdef", "set", "maximise", "minimise",
}  # fmt: skip


@dataclass(frozen=True)
class Mutation:
    """A changed proof: ``certain`` where a formula is wrong, not where the claim may yet be true."""

    kind: str
    says: str
    proof: Proof
    certain: bool

    def __str__(self) -> str:
        return f"{self.kind}: {self.says}"


class Draft:
    """A copy of a proof whose table of terms grows."""

    def __init__(self, proof: Proof) -> None:
        self.data = {**proof, "terms": [*proof["terms"]]}

    def term(self, op: str, *args: Any) -> int:
        """The number of a new term."""
        self.data["terms"].append([op, *args])
        return len(self.data["terms"]) - 1

    def number(self, value: str) -> int:
        return self.term("num", value)

    def replaced(self, root: int, place: Sequence[int], new: int) -> int:
        """The number of a term with another at that place."""
        if not place:
            return new
        op, *args = self.data["terms"][root]
        args[place[0]] = self.replaced(args[place[0]], place[1:], new)
        return self.term(op, *args)

    def put(self, part: str, **values: Any) -> Draft:
        """Change entries of an object of the proof."""
        self.data[part] = {**self.data[part], **values}
        return self

    def step(self, i: int, **values: Any) -> Draft:
        """Change a step."""
        steps = [*self.data["steps"]]
        steps[i] = {**steps[i], **values}
        self.data["steps"] = steps
        return self


def mutations(proof: Proof) -> list[Mutation]:
    """All mutations of a derivation's or comparison's proof, always in the same order."""
    found = [*_ends(proof), *_steps(proof), *_suppositions(proof)]
    return [*found, *(_comparison(proof) if proof.get("kind") == "comparison" else _derivation(proof))]


def parameter(proof: Proof) -> str | None:
    """A parameter of the proof that stands in its claim."""
    seen = _names(proof, *[t for t in (proof["claim"]["left"], proof["claim"]["right"]) if t is not None])
    return next((n for n, s in proof["symbols"].items() if s["role"] == "parameter" and n in seen), None)


def _names(proof: Proof, *roots: int) -> set[str]:
    seen: set[int] = set()
    stack = list(roots)
    while stack:
        t = stack.pop()
        if t not in seen and proof["terms"][t][0] not in ("num", "bound", "const", "domain"):
            seen.add(t)
            if proof["terms"][t][0] != "sym":
                stack.extend(proof["terms"][t][1:])
    return {proof["terms"][t][1] for t in seen if proof["terms"][t][0] == "sym"}


def _is_number(proof: Proof, t: int) -> bool:
    op = proof["terms"][t][0]
    return op not in _OTHER and not op.startswith("dist:")


def _literal(proof: Proof, t: int) -> str | None:
    row = proof["terms"][t]
    return row[1] if row[0] == "num" else None


def _moving(draft: Draft, name: str, *, shared: bool) -> int:
    """A number that moves with a parameter: 1 + |θ|, of a vector or matrix its first component, over the data the sum of it."""
    t = draft.term("sym", name)
    shape = draft.data["symbols"][name]["shape"]
    if shape != "scalar":
        t = draft.term("at", t, *[draft.number("1") for _ in range(2 if " x " in shape else 1)])
    t = draft.term("add", draft.number("1"), draft.term("abs", t))
    return draft.term("samples_sum", t) if shared and draft.data["symbols"][name]["indexed"] else t


def _changed(proof: Proof, part: str, key: str, *, shared: bool, scale: bool) -> Iterator[tuple[str, Draft, int]]:
    """Wrong values for one entry: what is said of it, the draft, the term. A scale is changed by factors alone."""
    t = proof[part][key]
    ways = [("doubled", "mul", "2"), ("halved", "mul", "1/2")] if scale else [("plus 1", "add", "1"), ("minus 1/2", "add", "-1/2")]
    for says, op, value in ways:
        draft = Draft(proof)
        yield says, draft, draft.term(op, draft.number(value), t)
    if _literal(proof, t) != "0":
        draft = Draft(proof)
        yield "with the other sign", draft, draft.term("neg", t)
    name = parameter(proof)
    if name is not None:
        draft = Draft(proof)
        yield f"with the parameter {name}", draft, draft.term("mul" if scale else "add", _moving(draft, name, shared=shared), t)


def _ends(proof: Proof) -> Iterator[Mutation]:
    """The claim: scale, offset, both sides, relation."""
    claim = proof["claim"]
    for key in ("scale", "offset"):
        if claim[key] is not None:
            for says, draft, t in _changed(proof, "claim", key, shared=True, scale=key == "scale"):
                yield Mutation(f"claim-{key}", f"the claim's {key} {says}", draft.put("claim", **{key: t}).data, True)
    if claim["scale"] is not None:
        for key in ("left", "right"):
            for says, draft, t in _changed(proof, "claim", key, shared=True, scale=False):
                yield Mutation(f"claim-{key}", f"the claim's {key} side {says}", draft.put("claim", **{key: t}).data, True)
    yield from _stronger(proof)


def _stronger(proof: Proof) -> Iterator[Mutation]:
    """A relation that is stronger than what was proved."""
    claim = proof["claim"]
    if claim["relation"] not in RELATIONS or claim["scale"] is None:
        return
    for relation in RELATIONS[: RELATIONS.index(claim["relation"])]:
        certain = _literal(proof, claim["scale"]) != "1" or relation == "equal"
        draft = Draft(proof).put("claim", relation=relation)
        if "relation" in proof:
            draft.data["relation"] = relation
        yield Mutation("relation", f"{relation} claimed for {claim['relation']}", draft.data, certain)


def _derivation(proof: Proof) -> Iterator[Mutation]:
    """What stands per sample, and the ledger."""
    for key in ("scale", "offset", "loss", "nll"):
        for says, draft, t in _changed(proof, "per_sample", key, shared=False, scale=key == "scale"):
            yield Mutation(f"sample-{key}", f"per sample, the {key} {says}", draft.put("per_sample", **{key: t}).data, True)
    for i, row in enumerate(proof["ledger"]):
        if _literal(proof, row["term"]) == "0":
            continue
        draft = Draft(proof)
        draft.data["ledger"] = [r for j, r in enumerate(proof["ledger"]) if j != i]
        yield Mutation("ledger", f"row {i + 1} of the ledger removed", draft.data, True)
        draft = Draft(proof)
        offset = draft.term("add", proof["per_sample"]["offset"], draft.term("neg", row["term"]))
        draft.data["ledger"] = [r for j, r in enumerate(proof["ledger"]) if j != i]
        yield Mutation("dropped", f"row {i + 1} of the ledger lost, from the offset too", draft.put("per_sample", offset=offset).data, True)
    yield from _consistent(proof)
    yield from _cut_off(proof)


def _cut_off(proof: Proof) -> Iterator[Mutation]:
    """Each step of one sample's chain with another result, with which the chain ends: what is wrong is the step alone."""
    chain = proof["chains"]["sample"]
    whole = chain["left"]
    for i, step in enumerate(proof["steps"]):
        if step["chain"] != "sample":
            continue
        if _is_number(proof, step["after"]):
            draft = Draft(proof)
            after = draft.term("add", draft.number("1"), step["after"])
            end = draft.replaced(whole, step["place"], after)
            draft.step(i, after=after).put("chains", sample={**chain, "right": end})
            draft.data["steps"] = [s for j, s in enumerate(draft.data["steps"]) if j <= i or s["chain"] != "sample"]
            yield Mutation("step-cut-off", f"step {step['id']} ({step['rule']}): its result plus 1, where the chain ends", draft.data, True)
        draft = Draft(proof)
        whole = draft.replaced(whole, step["place"], step["after"])
        proof = draft.data


def _consistent(proof: Proof) -> Iterator[Mutation]:
    """The wrong scale or offset throughout: in the last step, the chain's end and what stands per sample."""
    last = max((i for i, s in enumerate(proof["steps"]) if s["chain"] == "sample"), default=None)
    if last is None or proof["steps"][last]["place"]:
        return
    s = proof["per_sample"]
    if _literal(proof, s["loss"]) == "0":
        return
    for says, factor, plus in (("scale doubled", "2", "0"), ("scale with the other sign", "-1", "0"), ("offset plus 1", "1", "1")):
        draft = Draft(proof)
        scale = draft.term("mul", draft.number(factor), s["scale"])
        offset = draft.term("add", s["offset"], draft.number(plus))
        end = draft.term("add", draft.term("mul", scale, s["loss"]), offset)
        draft.step(last, after=end).put("per_sample", scale=scale, offset=offset, nll=end)
        sample = {**proof["chains"]["sample"], "right": end}
        yield Mutation("consistent", f"{says}, in all that speaks of a sample", draft.put("chains", sample=sample).data, True)


def _comparison(proof: Proof) -> Iterator[Mutation]:
    """The witness of a refutation, and a refutation turned into a proof."""
    if proof["claim"]["relation"] != "refuted":
        return
    draft = Draft(proof)
    draft.put("claim", relation="equal", scale=draft.number("1"), offset=draft.number("0"))
    yield Mutation("refuted", "what is refuted is called equal", {**draft.data, "relation": "equal"}, True)
    witness = proof["witness"]
    same = {**witness, "points": [witness["points"][0]] * len(witness["points"])}
    yield Mutation("witness", "all points of the witness are the first", {**proof, "witness": same}, True)
    alike = Draft(proof).put("claim", right=proof["claim"]["left"]).data
    yield Mutation("witness", "an objective is said to be refuted by itself", alike, True)


def _steps(proof: Proof) -> Iterator[Mutation]:
    """Each step with another result, with another beginning, or left out."""
    for i, step in enumerate(proof["steps"]):
        if _is_number(proof, step["after"]) and step["relation"] == "equal":
            for says, op, value in (("plus 1", "add", "1"), ("doubled", "mul", "2"), ("with the other sign", "mul", "-1")):
                if _literal(proof, step["after"]) == "0" and op == "mul":
                    continue
                draft = Draft(proof)
                after = draft.term(op, draft.number(value), step["after"])
                yield Mutation("step-after", f"step {step['id']} ({step['rule']}): its result {says}", draft.step(i, after=after).data, True)
            draft = Draft(proof)
            before = draft.term("add", draft.number("1"), step["before"])
            yield Mutation("step-before", f"step {step['id']} ({step['rule']}): its beginning plus 1", draft.step(i, before=before).data, True)
        draft = Draft(proof)
        draft.data["steps"] = [s for j, s in enumerate(proof["steps"]) if j != i]
        yield Mutation("step-left-out", f"step {step['id']} ({step['rule']}) left out", draft.data, False)


def _suppositions(proof: Proof) -> Iterator[Mutation]:
    """Hypotheses removed, domains weakened, fixed names learned."""
    for i, row in enumerate(proof["hypotheses"]):
        kept = [h for j, h in enumerate(proof["hypotheses"]) if j != i]
        yield Mutation("hypothesis", f"hypothesis {i + 1} ({row['origin']}) removed", {**proof, "hypotheses": kept}, False)
    claim = proof["claim"]
    kept_out = _names(proof, *[claim[k] for k in ("scale", "offset") if claim[k] is not None])
    for name, symbol in proof["symbols"].items():
        if proof["terms"][symbol["domain_term"]][0] == "domain" and symbol["domain"] not in ("reals", "integers"):
            draft = Draft(proof)
            wider = {**symbol, "domain": "reals", "domain_term": draft.term("domain", "reals")}
            yield Mutation("domain", f"{name} in {symbol['domain']} said to be in reals", draft.put("symbols", **{name: wider}).data, False)
        if symbol["role"] == "fixed" and name in kept_out:
            draft = Draft(proof).put("symbols", **{name: {**symbol, "role": "parameter"}})
            yield Mutation("role", f"{name}, which is in scale or offset, is learned", draft.data, True)
