//! What the sample people wrote or said, and who and where they are. All of it is made up: the
//! numbers are those set aside for drama, the addresses end in `.example`.

use crate::domain::person::PersonKind;

/// One thing people write about. `{road}`, `{number}`, `{area}` and `{place}` are filled in.
pub(super) struct Text {
    pub service: &'static str,
    pub category: &'static str,
    pub subject: &'static str,
    pub body: &'static str,
    pub from: PersonKind,
}

const fn said(
    service: &'static str,
    category: &'static str,
    subject: &'static str,
    body: &'static str,
) -> Text {
    Text {
        service,
        category,
        subject,
        body,
        from: PersonKind::Resident,
    }
}

const fn from(from: PersonKind, text: Text) -> Text {
    Text { from, ..text }
}

pub(super) const TEXTS: &[Text] = &[
    said(
        "waste-collection",
        "missed-bin",
        "Black bin not emptied",
        "The lorry came down {road} this morning but went past number {number}. The bin was out by six.",
    ),
    said(
        "waste-collection",
        "missed-bin",
        "Missed collection",
        "Nobody on our side of {road} had their rubbish taken. The other side was done.",
    ),
    said(
        "waste-collection",
        "missed-bin",
        "Second week running",
        "Our bin at {number} {road} was missed last week and again today. Please come back for it.",
    ),
    said(
        "waste-collection",
        "missed-bin",
        "Food caddy left full",
        "They took the big bin and left the food caddy. Flat above the shop, {number} {road}.",
    ),
    said(
        "waste-collection",
        "assisted-missed",
        "Help with bins did not happen",
        "You collect from my back door because I cannot pull the bin out. Nobody came to {number} {road}.",
    ),
    said(
        "waste-collection",
        "new-container",
        "Lid came off the bin",
        "The lid of our brown bin has come away at the hinge. Can we have another one at {number} {road}?",
    ),
    said(
        "waste-collection",
        "new-container",
        "Bin gone after collection",
        "Our recycling box was not there when I came home from work. {number} {road}.",
    ),
    said(
        "waste-collection",
        "assisted-collection-apply",
        "Asking for help with the bins",
        "My mother is 84 and can no longer get the bin to the kerb. She lives at {number} {road} in {area}.",
    ),
    said(
        "waste-collection",
        "collection-day",
        "Which day over the holidays?",
        "Is our collection on {road} a day later after the bank holiday?",
    ),
    said(
        "waste-collection",
        "crew-behaviour",
        "Rubbish left across the pavement",
        "After the crew had been, there were bags and bottles all along {road}. Somebody had to sweep it up.",
    ),
    said(
        "recycling",
        "missed-recycling",
        "Recycling not taken",
        "Glass and paper are still outside {number} {road}. The card said Tuesday.",
    ),
    said(
        "recycling",
        "missed-recycling",
        "Blue box missed",
        "All the blue boxes in the close are still full. This is {road}, off {place}.",
    ),
    said(
        "recycling",
        "flat-communal",
        "Bin store overflowing",
        "The bin store behind the flats at {road} is full and bags are piling up by the door.",
    ),
    said(
        "recycling",
        "what-goes-where",
        "Do you take yoghurt pots?",
        "The leaflet does not say. Can yoghurt pots go in the green box?",
    ),
    said(
        "garden-waste",
        "missed-garden",
        "Garden bin missed",
        "We pay for the garden bin and it was not emptied on {road}. The neighbours' were not either.",
    ),
    said(
        "garden-waste",
        "subscription",
        "Renewing the garden bin",
        "I would like to renew for this year but the form will not take my postcode.",
    ),
    said(
        "bulky-waste",
        "book-bulky",
        "Sofa and a mattress",
        "How do I book a collection for a sofa and a mattress from {number} {road}?",
    ),
    said(
        "bulky-waste",
        "missed-bulky",
        "Booked collection did not come",
        "The fridge has stood in front of {number} {road} since Monday. It was booked and paid for.",
    ),
    said(
        "fly-tipping",
        "fly-tip",
        "Dumped furniture",
        "Somebody has left two armchairs and a carpet in the lay-by near {place}.",
    ),
    said(
        "fly-tipping",
        "fly-tip",
        "Builder's bags in the lane",
        "There are about ten bags of rubble along the lane behind {road}.",
    ),
    said(
        "fly-tipping",
        "abandoned-vehicle",
        "Car has not moved for weeks",
        "A grey hatchback with flat tyres has been outside {number} {road} since the spring.",
    ),
    said(
        "street-cleansing",
        "litter",
        "Litter after the market",
        "The gutters along {road} have not been swept since the market.",
    ),
    said(
        "street-cleansing",
        "overflowing-litter-bin",
        "Bin at the bus stop is full",
        "The litter bin at the bus stop by {place} has been full for days.",
    ),
    said(
        "street-cleansing",
        "dog-fouling",
        "Dog mess on the path to school",
        "The path between {road} and the school is never clear of dog mess.",
    ),
    said(
        "street-cleansing",
        "graffiti",
        "Paint on the underpass",
        "Somebody has painted over the whole wall of the underpass at {place}.",
    ),
    said(
        "highways-maintenance",
        "pothole",
        "Pothole outside the chemist",
        "There is a hole about the size of a dinner plate on {road}, just past {place}.",
    ),
    said(
        "highways-maintenance",
        "pothole",
        "Road surface breaking up",
        "The surface on {road} is coming apart along the middle. Cyclists swerve to avoid it.",
    ),
    said(
        "highways-maintenance",
        "pothole",
        "Reported before, still there",
        "I told you about the hole by number {number} {road} last month. It is bigger now.",
    ),
    said(
        "highways-maintenance",
        "pavement",
        "Slab sticking up",
        "A paving slab has lifted outside {number} {road}. My neighbour nearly tripped on it.",
    ),
    said(
        "highways-maintenance",
        "blocked-drain",
        "Drain blocked with leaves",
        "The drain at the corner of {road} is blocked and a puddle stands there whenever it rains.",
    ),
    said(
        "highways-maintenance",
        "overgrown",
        "Hedge over the pavement",
        "The hedge along {road} has grown so far that a pushchair cannot get by.",
    ),
    said(
        "street-lighting",
        "light-out",
        "Street light out",
        "The lamp outside {number} {road} has not come on for a week. Its plate says 14.",
    ),
    said(
        "street-lighting",
        "light-out",
        "Three lamps dark in a row",
        "It is very dark between {place} and the end of {road}: three lamps in a row are out.",
    ),
    said(
        "traffic-road-safety",
        "speeding",
        "Cars too fast past the school",
        "Could somebody look at the speed along {road} at half past eight?",
    ),
    said(
        "traffic-road-safety",
        "signs-lines",
        "Give way line worn off",
        "The white line at the junction of {road} can no longer be seen.",
    ),
    said(
        "parking",
        "permit",
        "Visitor permits have not come",
        "I paid for ten visitor permits for {road} a fortnight ago and have had nothing.",
    ),
    said(
        "parking",
        "illegal-parking",
        "Parked on the zigzags",
        "The same van stands on the zigzag lines at {place} every afternoon.",
    ),
    said(
        "parking",
        "pcn-challenge",
        "I had paid by phone",
        "I was given a penalty charge in the {area} car park although I had paid by phone. I have the receipt.",
    ),
    said(
        "rights-of-way",
        "path-blocked",
        "Footpath ploughed up",
        "The footpath from {place} across the field cannot be found any more. It has been ploughed.",
    ),
    from(
        PersonKind::ParishCouncil,
        said(
            "rights-of-way",
            "path-blocked",
            "Stile rotten on path 12",
            "The clerk writes on behalf of the parish: the stile on path 12 near {place} has rotted through.",
        ),
    ),
    said(
        "parks-trees",
        "park-maintenance",
        "Grass not cut in the play area",
        "The grass round the swings in {area} is knee high.",
    ),
    said(
        "parks-trees",
        "tree-enquiry",
        "Branches over the garden",
        "A council tree behind {number} {road} hangs over our shed. Could it be cut back?",
    ),
    said(
        "parks-trees",
        "allotment",
        "Waiting list for an allotment",
        "How long is the list for the plots at {place}?",
    ),
    said(
        "council-tax",
        "ct-bill",
        "Two bills for one house",
        "I have had two bills for {number} {road} with different amounts. Which one is right?",
    ),
    said(
        "council-tax",
        "ct-moving",
        "We have moved",
        "We moved from {number} {road} to {area} on the first of the month.",
    ),
    said(
        "council-tax",
        "ct-discount",
        "Living alone now",
        "My son has left home, so I am the only adult at {number} {road}. Is there a discount?",
    ),
    said(
        "council-tax",
        "ct-payment",
        "Direct debit taken twice",
        "The payment went out of my account twice this month.",
    ),
    from(
        PersonKind::Business,
        said(
            "business-rates",
            "br-relief",
            "Small business relief",
            "We opened a bakery at {number} {road} and would like to apply for relief.",
        ),
    ),
    said(
        "benefits",
        "hb-change",
        "My hours have changed",
        "My hours at work go down from next month. What do you need from me?",
    ),
    said(
        "housing-repairs",
        "repair-routine",
        "Kitchen tap drips",
        "The kitchen tap at {number} {road} has dripped for weeks and the washer is worn.",
    ),
    said(
        "housing-repairs",
        "repair-routine",
        "Back gate will not close",
        "The gate at the back of {number} {road} has dropped and does not shut.",
    ),
    said(
        "housing-repairs",
        "repair-chase",
        "Nobody came on Thursday",
        "I took a day off for the repair at {number} {road} and nobody came.",
    ),
    said(
        "housing-register",
        "bidding",
        "Cannot see my bids",
        "The page says I have made no bids, but I made two on Sunday.",
    ),
    said(
        "tenancy",
        "estate",
        "Lights out on the stairs",
        "The stair lights on the second landing at {road} are out.",
    ),
    said(
        "environmental-health",
        "noise",
        "Music until three",
        "There is loud music from {number} {road} most nights until three in the morning.",
    ),
    said(
        "environmental-health",
        "pests",
        "Rats by the allotments",
        "We have seen rats along the fence at {place} every evening this week.",
    ),
    said(
        "environmental-health",
        "smoke-odour",
        "Bonfires every evening",
        "Somebody behind {road} burns plastic most evenings. We cannot open the windows.",
    ),
    from(
        PersonKind::Business,
        said(
            "licensing",
            "street-party",
            "Closing the street for a party",
            "We would like to close {road} for an afternoon in the summer. What do we need?",
        ),
    ),
    said(
        "planning-applications",
        "planning-status",
        "Has it been decided?",
        "Our application for the extension at {number} {road} has been in for ten weeks.",
    ),
    said(
        "planning-applications",
        "planning-comment",
        "Objection to the new flats",
        "The flats planned beside {place} would take the light from the whole row.",
    ),
    said(
        "planning-enforcement",
        "breach",
        "Shed as high as a house",
        "The neighbours at {number} {road} have built a shed that is two storeys high.",
    ),
    said(
        "libraries",
        "home-library",
        "Books brought home",
        "My father cannot get to the library any longer. Can somebody bring him books at {number} {road}?",
    ),
    said(
        "leisure",
        "leisure-feedback",
        "Pool was cold",
        "The small pool has been cold all week. The children came out blue.",
    ),
    said(
        "registrars",
        "certificates",
        "Copy of a birth certificate",
        "I need a copy of my birth certificate for a passport. I was born in {area}.",
    ),
    said(
        "bereavement",
        "cemetery-condition",
        "Grass in the cemetery",
        "The paths in the old part of the cemetery are overgrown and my grandmother's grave cannot be reached.",
    ),
    said(
        "blue-badge",
        "bus-pass",
        "Bus pass worn out",
        "My bus pass no longer reads on the bus. How do I get another?",
    ),
    said(
        "school-transport",
        "transport-problem",
        "School bus late again",
        "The bus from {place} has been twenty minutes late on four days out of five.",
    ),
    said(
        "school-admissions",
        "in-year",
        "Changing school",
        "We have moved to {area} and need a place in year four.",
    ),
    said(
        "customer-services",
        "compliment",
        "Thank you to the crew",
        "The crew on {road} went out of their way to help my neighbour this week. Please tell them.",
    ),
    said(
        "customer-services",
        "website-problem",
        "Form loses what I typed",
        "The form for a new bin goes blank when I press continue.",
    ),
    said(
        "complaints",
        "stage-1",
        "Complaint: promised and not done",
        "I was promised twice that somebody would ring me back about {road}. Nobody has. I want to make a complaint.",
    ),
    said(
        "complaints",
        "stage-1",
        "Complaint about how I was spoken to",
        "I want to complain about the way I was spoken to when I rang about {number} {road}.",
    ),
    said(
        "information-governance",
        "foi",
        "Freedom of information: street trees",
        "Under the Freedom of Information Act, how many street trees were planted and how many felled in each of the last five years?",
    ),
    said(
        "information-governance",
        "foi",
        "Freedom of information: agency staff",
        "Under the Freedom of Information Act, please send what was spent on agency staff in each quarter of last year.",
    ),
    said(
        "information-governance",
        "sar",
        "A copy of what you hold about me",
        "Please send me a copy of the personal data you hold about me. I lived at {number} {road}.",
    ),
    from(
        PersonKind::Councillor,
        said(
            "democratic-services",
            "member-enquiry",
            "Residents of {road} about the bins",
            "Several residents of {road} tell me that their collections have been missed for a month. What is being done, and by when?",
        ),
    ),
    from(
        PersonKind::Councillor,
        said(
            "democratic-services",
            "member-enquiry",
            "Speed of traffic in {area}",
            "I have been asked at my surgery what is planned for {road}. Please let me have an answer I can pass on.",
        ),
    ),
    from(
        PersonKind::CommunityGroup,
        said(
            "parks-trees",
            "park-maintenance",
            "Friends of the park: planting day",
            "The Friends would like to plant bulbs by {place}. Whom do we ask?",
        ),
    ),
];

/// What officers answer, and how it ended.
pub(super) const REPLIES: &[&str] = &[
    "Thank you for telling us. A crew went out and has put it right. Please tell us if it comes back.",
    "We have looked at what you sent and checked our records. You were right, and we have corrected it. We are sorry for the trouble.",
    "An officer visited and the work is done. You need do nothing more.",
    "Here is the answer to your question. The rules are on our website under the name of the service, and the number above will put you through to us.",
    "We looked into this and found that the work had been put down for the wrong street. It has now been done where you asked.",
    "We have spoken to those concerned. We will look again in a fortnight and write to you if anything has changed.",
];

pub(super) const NOTES: &[&str] = &[
    "Rang the number given. No answer, will try tomorrow morning.",
    "Crew has it on tomorrow's sheet.",
    "Photographs are with the contractor.",
    "Checked the round sheet: marked as not out, the caller says it was.",
];

pub(super) const QUESTIONS: &[&str] = &[
    "Could you send us a photograph, or tell us which side of the road it is on?",
    "Which date was this, and about what time?",
];

pub(super) const ROADS: &[&str] = &[
    "Larkfield Rise",
    "Tannery Lane",
    "Quarry Bank",
    "Millrace Close",
    "Saltersgate",
    "Coppice View",
    "Wharf Street",
    "Beacon Hill Road",
    "Linnet Way",
    "Priory Crescent",
    "Fuller's Walk",
    "Chandler Row",
    "Hawthorn Drive",
    "The Ropewalk",
    "Station Parade",
    "Orchard Croft",
    "Weir Lane",
    "Market Hill",
    "Almond Avenue",
    "Foundry Street",
];

pub(super) const AREAS: &[&str] = &[
    "Eastgate",
    "Upper Wending",
    "Saltmarsh End",
    "Holmewood",
    "Thornbeck",
    "Quayside",
];

pub(super) const PLACES: &[&str] = &[
    "the library",
    "the war memorial",
    "the level crossing",
    "the community centre",
    "the health centre",
    "the old brickworks",
    "the bowling green",
    "the chapel",
];

pub(super) const FIRST_NAMES: &[&str] = &[
    "Ada",
    "Benjamin",
    "Chidi",
    "Dorothy",
    "Elif",
    "Frank",
    "Grace",
    "Harjit",
    "Isla",
    "Joseph",
    "Kamala",
    "Lewis",
    "Maryam",
    "Nathaniel",
    "Olive",
    "Pawel",
    "Queenie",
    "Rosa",
    "Samuel",
    "Thandi",
    "Una",
    "Victor",
    "Winifred",
    "Yasmin",
    "Zachary",
];

pub(super) const LAST_NAMES: &[&str] = &[
    "Applewhite",
    "Birdsall",
    "Coldbeck",
    "Dunnington",
    "Eastoe",
    "Fairbarn",
    "Goodlad",
    "Hollinrake",
    "Inchbald",
    "Jellicoe",
    "Kirkup",
    "Lovelock",
    "Merriman",
    "Nettleship",
    "Oldroyd",
    "Pennyfeather",
    "Quickfall",
    "Ravenscroft",
    "Silverwood",
    "Threlkeld",
    "Underhay",
    "Vickerstaff",
    "Winterburn",
];
