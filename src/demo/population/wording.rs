use crate::service::leads::LeadStatus;
use crate::service::timeline::NoteType::{self, Call, Email, Meeting, Note};

/// A note that somebody wrote on a lead.
type Wording = (NoteType, &'static str);

/// The notes that fit a lead of that status.
pub(in crate::demo) fn notes(status: LeadStatus) -> &'static [Wording] {
    match status {
        LeadStatus::New => &ARRIVED,
        LeadStatus::Contacted => &FIRST_CONTACT,
        LeadStatus::Callback => &TO_BE_CALLED,
        LeadStatus::Qualified => &QUALIFIED,
        LeadStatus::Proposal | LeadStatus::Negotiation => &OFFERED,
        LeadStatus::Won => &WON,
        LeadStatus::Lost => &LOST,
    }
}

const ARRIVED: [Wording; 6] = [
    (Note, "Asked for a price list."),
    (Note, "Wants a demo for the whole team."),
    (Note, "Looks for a new product by the end of the quarter."),
    (Note, "Asks how long the introduction takes."),
    (
        Email,
        "Confirmed the request and offered two dates for a first call.",
    ),
    (Email, "Wrote that afternoons suit best for a first call."),
];

const FIRST_CONTACT: [Wording; 10] = [
    (
        Call,
        "Reached at the second try. Interested, wants to see a demo.",
    ),
    (Call, "Talked to the assistant, who passes our request on."),
    (Call, "Not the one who decides, gave me the right name."),
    (Call, "Compares us with two other products."),
    (Call, "Short talk. Has seen the product at a trade fair."),
    (
        Note,
        "Works with spreadsheets today and loses track of follow-ups.",
    ),
    (Note, "Prefers e-mail to calls."),
    (Email, "Sent the brochure and two dates for a demo."),
    (Email, "Sent references from the same trade."),
    (
        Meeting,
        "Showed the product to four people, good questions.",
    ),
];

const TO_BE_CALLED: [Wording; 5] = [
    (Call, "In a meeting, asked me to call back."),
    (Call, "No answer, left a message."),
    (Call, "On holiday, to be called again afterwards."),
    (
        Call,
        "Busy with stocktaking, asked for a call later this month.",
    ),
    (Email, "Asked by e-mail when a call suits."),
];

const QUALIFIED: [Wording; 7] = [
    (
        Call,
        "The need is clear, and the budget is planned for this year.",
    ),
    (
        Call,
        "Worried about moving the old data, explained the import.",
    ),
    (Call, "Ten users to begin with, more after half a year."),
    (Note, "Decides together with the managing director."),
    (Note, "Wants to start with one location."),
    (Email, "Asked for an offer in writing."),
    (
        Meeting,
        "Went through the requirements with their head of sales.",
    ),
];

const OFFERED: [Wording; 7] = [
    (Call, "The offer has arrived and goes to the board."),
    (Call, "Asks for a discount for paying two years in advance."),
    (
        Call,
        "Wants to add training for new colleagues to the offer.",
    ),
    (Note, "The contract is with their lawyers."),
    (Email, "Sent the offer, valid for 30 days."),
    (Email, "Sent the revised offer with the smaller package."),
    (Meeting, "Went through the offer, two points are open."),
];

const WON: [Wording; 5] = [
    (Call, "Agreed on the phone, the contract follows."),
    (Call, "Signed for one year, asks about a second location."),
    (Note, "Order is in, support prepares the start."),
    (Email, "The signed contract has arrived."),
    (Meeting, "Planned the start together with support."),
];

const LOST: [Wording; 6] = [
    (Call, "Chose another product because of the price."),
    (Call, "No budget this year."),
    (Call, "Stays with the present supplier."),
    (Note, "Does not answer any more."),
    (Note, "Too small for our product, friendly talk."),
    (Email, "Wrote that the project is put off, no new date."),
];
