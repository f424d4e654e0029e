// What the editors hold at the first visit.

export const headers = '{\n  "Authorization": "Bearer <token>"\n}';

const signIn = `# Signs in. The token is kept for the open tabs of this page
# and sent with every later request. Passwords are not stored:
# type yours again when the page was loaded anew.
mutation SignIn {
  login(
    input: {
      email: "admin@example.com"
      password: "development-only"
    }
  ) {
    token
    expiresAt
    user {
      fullName
      role
    }
  }
}
`;

const hotLeads = `# The ten hottest leads.
# For the next ten, add after: "<endCursor>".
query HotLeads {
  leads(
    first: 10
    filter: { isHotLead: true }
    orderBy: { field: LEAD_SCORE, direction: DESC }
  ) {
    nodes {
      id
      fullName
      leadScore
      status
      assignedTo {
        fullName
      }
    }
    totalCount
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
`;

const findLeads = `# Search, filter and order, as variables: see below.
query FindLeads($search: String, $filter: LeadFilter, $orderBy: LeadOrder) {
  leads(search: $search, filter: $filter, orderBy: $orderBy, first: 10) {
    nodes {
      fullName
      email
      status
      source
      tags
      nextFollowUp
    }
    totalCount
  }
}
`;

const findLeadsVariables = `{
  "search": "an",
  "filter": {
    "status": ["NEW", "CONTACTED", "QUALIFIED"],
    "or": [{ "unassigned": true }, { "leadScore": { "min": 40 } }],
    "not": { "source": ["OTHER"] }
  },
  "orderBy": { "field": "SOURCE", "direction": "ASC" }
}
`;

const newLead = `# Creates a lead. Repeated with the same key,
# it creates no second one.
mutation NewLead($input: CreateLeadInput!) {
  createLead(input: $input) {
    lead {
      id
      fullName
      leadScore
      version
    }
  }
}
`;

const newLeadVariables = `{
  "input": {
    "firstName": "Jan",
    "lastName": "Kowalski",
    "company": "Kowalski Transport",
    "email": "jan@kowalski-transport.example",
    "source": "REFERRAL",
    "tags": ["enterprise"],
    "idempotencyKey": "my-first-lead"
  }
}
`;

const changeLead = `# Changes a lead: put the id of one into the variables.
# With expectedVersion it would not overwrite a change
# that you have not seen.
mutation ChangeLead($input: UpdateLeadInput!) {
  updateLead(input: $input) {
    lead {
      fullName
      status
      nextFollowUp
      version
      timeline(first: 2) {
        nodes {
          at
          ... on Change {
            changes {
              field
              before {
                display
              }
              after {
                display
              }
            }
          }
        }
      }
    }
  }
}
`;

const changeLeadVariables = `{
  "input": {
    "id": "<the id of a lead>",
    "status": "CONTACTED",
    "nextFollowUp": "2031-05-02T10:00:00Z"
  }
}
`;

const bulkDryRun = `# What a change of many leads would do. Without dryRun it does it.
mutation BulkDryRun {
  bulkUpdateStatus(
    input: {
      leads: { matching: { filter: { status: [NEW], source: [WEBSITE] } } }
      status: CONTACTED
      dryRun: true
    }
  ) {
    total
    succeeded
    failed
    results {
      id
      error {
        code
        message
      }
      lead {
        fullName
        status
      }
    }
  }
}
`;

const dashboard = `# The figures of a dashboard, of the leads you may see.
query Dashboard {
  leadStatistics {
    totalLeads
    conversionRate
    hotLeadsCount
    overdueFollowUps
    leadsByStatus {
      status
      count
    }
    leadsByAgent {
      user {
        fullName
      }
      totalLeads
      conversionRate
    }
  }
}
`;

const complete = `# For the fields of a form: tags in use, and colleagues.
query Complete($letters: String = "e") {
  leadTags(prefix: $letters, first: 5) {
    tag
    count {
      value
    }
  }
  users(search: $letters, isActive: true, first: 5) {
    nodes {
      id
      fullName
    }
  }
}
`;

export const examples = [
  { name: 'SignIn', query: signIn, headers },
  { name: 'HotLeads', query: hotLeads, headers },
  { name: 'FindLeads', query: findLeads, variables: findLeadsVariables, headers },
  { name: 'NewLead', query: newLead, variables: newLeadVariables, headers },
  { name: 'ChangeLead', query: changeLead, variables: changeLeadVariables, headers },
  { name: 'BulkDryRun', query: bulkDryRun, headers },
  { name: 'Dashboard', query: dashboard, headers },
  { name: 'Complete', query: complete, headers },
];
