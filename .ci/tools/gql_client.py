"""Python's gql: signs in, checks its operations against the schema that the server tells, asks a
query, makes a change, and is refused.

    python gql_client.py http://127.0.0.1:8000
"""

import sys

from gql import Client, gql
from gql.transport.exceptions import TransportQueryError
from gql.transport.requests import RequestsHTTPTransport

url = sys.argv[1] + "/graphql"

LOGIN = gql(
    """mutation SignIn($email: String!, $password: String!) {
      login(input: {email: $email, password: $password}) { token }
    }"""
)
LOGIN.variable_values = {"email": "admin@example.com", "password": "development-only"}
token = Client(transport=RequestsHTTPTransport(url)).execute(LOGIN)["login"]["token"]

transport = RequestsHTTPTransport(url, headers={"Authorization": f"Bearer {token}"})
client = Client(transport=transport, fetch_schema_from_transport=True)

PAGE = gql("query Page($first: Int!) { leads(first: $first) { totalCount nodes { id version } } }")
PAGE.variable_values = {"first": 7}
page = client.execute(PAGE)["leads"]
assert len(page["nodes"]) == 7 < page["totalCount"], page

SCORE = gql("mutation Score($input: UpdateScoreInput!) { updateScore(input: $input) { lead { leadScore version } } }")
lead = page["nodes"][0]
SCORE.variable_values = {"input": {"id": lead["id"], "score": 35, "expectedVersion": lead["version"]}}
changed = client.execute(SCORE)["updateScore"]["lead"]
assert changed == {"leadScore": 35, "version": lead["version"] + 1}, changed

try:
    raise SystemExit(f"not refused: {client.execute(SCORE)}")
except TransportQueryError as refusal:
    [error] = refusal.errors
    assert error["extensions"]["code"] == "CONFLICT", error
    assert error["extensions"]["currentVersion"] == changed["version"], error
    assert refusal.data == {"updateScore": None}, refusal.data

print("gql: a query, a change and a refusal are as they should be")
