// What the editors hold at the first visit.

export const headers = '{\n  "Authorization": "Bearer <token>"\n}';

const signIn = `# Signs in. The token is kept for this browser tab
# and sent with every later request.
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

const dashboard = `# The figures of a dashboard, of the leads you may see.
query Dashboard {
  leadStatistics {
    totalLeads
    conversionRate
    hotLeadsCount
    leadsByStatus {
      status
      count
    }
  }
}
`;

export const examples = [
  { name: 'SignIn', query: signIn, headers },
  { name: 'HotLeads', query: hotLeads, headers },
  { name: 'Dashboard', query: dashboard, headers },
];
