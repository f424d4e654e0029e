"""What schemathesis must know of this server: as whom to ask, what to send, and what is a fault.

CRM_URL names a server with demo data that may be spoilt, CRM_ROLE the role of who asks: ADMIN, MANAGER or
AGENT.
"""

import os

import graphql
import requests
import schemathesis
from graphql import FieldNode, InlineFragmentNode
from hypothesis import strategies as st
from schemathesis.graphql import nodes

URL = os.environ["CRM_URL"] + "/graphql"


def ask(query, token=None):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = requests.post(URL, json={"query": query}, headers=headers, timeout=10).json()
    assert "errors" not in answer, answer
    return answer["data"]


def sign_in(email):
    login = f'login(input: {{email: "{email}", password: "development-only"}}) {{ token }}'
    return ask(f"mutation {{ {login} }}")["login"]["token"]


ADMIN = "admin@example.com"
ADMIN_TOKEN = sign_in(ADMIN)


def somebody(role):
    if role == "ADMIN":
        return ADMIN
    found = ask(f"{{ users(role: {role}, first: 1) {{ nodes {{ email }} }} }}", ADMIN_TOKEN)
    return found["users"]["nodes"][0]["email"]


WHO = somebody(os.environ.get("CRM_ROLE", "ADMIN"))
TOKEN = sign_in(WHO)
# `logout` is tried on a session of its own, so that the others may go on.
SPARE_TOKEN = sign_in(WHO)

# All there is: whoever sees less asks for what is not theirs, too.
ME = ask("{ me { id } }", TOKEN)["me"]["id"]
WORLD = ask(
    """{
      leads(first: 50) { edges { cursor node { id email phone } } }
      users(first: 8) { nodes { id } }
    }""",
    ADMIN_TOKEN,
)
LEADS = [edge["node"] for edge in WORLD["leads"]["edges"]]
# Of a lead that nothing else is done to: notes end with their lead.
OWN_LEAD = ask(
    'mutation { createLead(input: {firstName: "A", lastName: "B", phone: "+48 601 234 560"}) { lead { id } } }', TOKEN
)["createLead"]["lead"]["id"]
OWN_NOTE = ask(
    f'mutation {{ addNote(input: {{id: "{OWN_LEAD}", content: "x"}}) {{ note {{ id }} }} }}', TOKEN
)["addNote"]["note"]["id"]
# Who asks is left in peace: the next request would be refused.
USERS = [user for user in WORLD["users"]["nodes"] if user["id"] != ME]
# Good for one use.
LINK = ask(
    f'mutation {{ resetPassword(input: {{id: "{USERS[2]["id"]}"}}) {{ link }} }}', ADMIN_TOKEN
)["resetPassword"]["link"]

IDS = [row["id"] for row in LEADS + USERS]
WORDS = [
    *(lead[name] for lead in LEADS[:5] for name in ("email", "phone") if lead[name]),
    *(edge["cursor"] for edge in WORLD["leads"]["edges"][:3]),
    *("new.lead@company.example", "+48 601 234 567", "Jan", "Kowalski", "enterprise", "gmail.com"),
    *("Europe/Warsaw", "a long password", "%_\\", "1", " "),
]

# What these are given half of the time: chance would hardly come upon it.
GOOD = {
    "CreateLeadInput.email": "new.lead@company.example",
    "DeactivateUserInput.id": USERS[0]["id"],
    "EditNoteInput.id": OWN_NOTE,
    "InviteUserInput.email": "new.user@company.example",
    "LoginInput.email": "admin@example.com",
    "LoginInput.password": "development-only",
    "NewLeadInput.phone": "+48 601 234 567",
    "UpdateUserInput.id": USERS[1]["id"],
    "UseLinkInput.password": "a long password",
    "UseLinkInput.token": LINK,
}

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**31), 2**31 - 1) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.from_regex(r"\A[a-z]{1,8}\Z"), inner, max_size=4),
    max_leaves=8,
)


def literal(value):
    if isinstance(value, dict):
        fields = [graphql.ObjectFieldNode(name=graphql.NameNode(value=k), value=literal(v)) for k, v in value.items()]
        return nodes.Object(fields)
    if isinstance(value, list):
        return nodes.List([literal(item) for item in value])
    if value is None:
        return nodes.Null
    kind = {bool: nodes.Boolean, int: nodes.Int, str: nodes.String}[type(value)]
    return kind(value)


# Random values alone would hardly ever get past the first rule of an input.
WHOLE = st.integers(1, 20) | st.integers(-(2**31), 2**31 - 1)
KNOWN = st.sampled_from(IDS)

schemathesis.graphql.scalar("ID", (KNOWN | KNOWN | st.uuids().map(str) | TEXT).map(nodes.String))
schemathesis.graphql.scalar("Int", WHOLE.map(nodes.Int))
schemathesis.graphql.scalar("String", (st.sampled_from(WORDS) | TEXT).map(nodes.String))
schemathesis.graphql.scalar("JSON", JSON.map(literal))
schemathesis.graphql.scalar("Position", st.integers(0, 10_000).map(str).map(nodes.String))

# Input objects of which exactly one field is given; the tool does not know of `@oneOf`.
ONE_OF = {
    "LeadSelection": lambda random: random.choice(
        [{"ids": random.sample(IDS, 2)}, {"matching": {"search": random.choice(WORDS)}}, {"all": True}, {"ids": []}]
    ),
    "Assignee": lambda random: random.choice([{"userId": random.choice(IDS)}, {"nobody": True}, {"nobody": False}]),
    "LeadsOfUser": lambda random: random.choice(
        [{"keep": True}, {"assignTo": random.choice(IDS)}, {"unassign": True}, {"keep": False}]
    ),
}


@schemathesis.hook
def flatmap_body(ctx, body):
    """The tool gives every argument, and many are wrong together. In what is good, half of those that
    need not be given are left out again."""
    schema = ctx.operation.schema.client_schema
    if graphql.validate(schema, body):
        return st.just(body)
    return st.randoms(use_true_random=False).map(lambda random: tamed(schema, body, random))


def tamed(schema, document, random):
    types = graphql.TypeInfo(schema)

    class Tame(graphql.Visitor):
        def enter_argument(self, node, *_):
            return self.keep_or_not(not graphql.is_required_argument(types.get_argument()))

        def enter_object_value(self, node, *_):
            of = graphql.get_named_type(types.get_input_type())
            return literal(ONE_OF[of.name](random)) if of and of.name in ONE_OF else None

        def enter_object_field(self, node, *_):
            of = graphql.get_named_type(types.get_parent_input_type())
            if of and of.name in ONE_OF:
                return None
            good = GOOD.get(f"{of}.{node.name.value}")
            if good and random.random() < 0.5:
                return graphql.ObjectFieldNode(name=node.name, value=nodes.String(good))
            is_nullable = not graphql.is_non_null_type(types.get_input_type())
            return self.keep_or_not(is_nullable or types.get_default_value() is not graphql.Undefined)

        def keep_or_not(self, is_optional):
            return graphql.REMOVE if is_optional and random.random() < 0.5 else None

    return graphql.visit(document, graphql.TypeInfoVisitor(types, Tame()))


@schemathesis.hook
def before_call(ctx, case, kwargs):
    token = SPARE_TOKEN if case.operation.label == "Mutation.logout" else TOKEN
    case.headers["Authorization"] = f"Bearer {token}"


@schemathesis.hook
def after_call(ctx, case, response):
    # Archived leads would refuse nearly all that comes after.
    if "rchive" in case.operation.label and not response.json().get("errors"):
        ask("mutation { bulkRestore(input: {leads: {all: true}}) { total } }", TOKEN)


# What no request may bring about, whatever it asks.
FAULTS = {"INTERNAL", "DATABASE_ERROR", "UNAVAILABLE"}


def codes(answer):
    return [error["extensions"]["code"] for error in answer.get("errors", [])]


@schemathesis.hook
def filter_failure(ctx, failure, case, response):
    """The tool takes each refusal of a document that fits the schema for a fault of the server; here
    refusals have codes of their own, which `no_fault` looks at. A document may also cost too much."""
    found = codes(response.json())
    return type(failure).__name__ != "GraphQLServerError" and "COST_LIMIT_EXCEEDED" not in found or not found


@schemathesis.check
def no_fault(ctx, response, case):
    answer = response.json()
    asked_in_session = case.operation.label not in ("Mutation.login", "Mutation.logout", "Mutation.useLink")
    for error, code in zip(answer.get("errors", []), codes(answer)):
        assert code not in FAULTS, f"a fault of the server: {error}"
        assert code != "UNAUTHENTICATED" or not asked_in_session, f"the session was lost: {error}"
        assert error["message"] and error["extensions"]["requestId"], f"an incomplete error: {error}"
    assert answer.get("data") or answer.get("errors"), f"neither data nor errors: {answer}"


@schemathesis.check
def answers_have_the_shape_of_the_schema(ctx, response, case):
    """Executes the document on the answer itself: each field must be there, and of its type."""
    data = response.json().get("data")
    if data is None:
        return
    result = graphql.execute(
        case.operation.schema.client_schema,
        graphql.parse(case.body),
        root_value=data,
        field_resolver=lambda row, info, **arguments: row[info.path.key],
        type_resolver=type_of,
    )
    assert not result.errors, f"not as the schema promises: {result.errors}"
    assert result.data == data, "the answer has more than was asked for"


def type_of(row, info, abstract):
    """The only type whose selected fields are those of the row."""
    for candidate in info.schema.get_possible_types(abstract):
        if keys(info.field_nodes[0], candidate.name) == set(row):
            return candidate.name
    raise AssertionError(f"no type of {abstract} has these fields: {row}")


def keys(selecting, type_name):
    found = set()
    for selection in selecting.selection_set.selections:
        if isinstance(selection, FieldNode):
            found.add((selection.alias or selection.name).value)
        elif isinstance(selection, InlineFragmentNode):
            condition = selection.type_condition and selection.type_condition.name.value
            if condition in (None, type_name, "Node", "TimelineEntry"):
                found |= keys(selection, type_name)
    return found
