#include "subject/plan.hpp"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

namespace gdpr::subject {
namespace {

using Kind = Edge::Kind;
using Names = std::vector<std::string>;

/// A graph written by names: an id is given to each as it comes.
class Schema {
  public:
    Schema &subject(const std::string &name) { return node(name).subject = true, *this; }
    Schema &keep(const std::string &name) { return node(name).keep = true, *this; }
    Schema &table(const std::string &name) { return node(name), *this; }
    Schema &lost(const std::string &name, const std::string &edge) { return node(name).lost = edge, *this; }
    Schema &enforced(const std::string &name) { return node(name).enforced = true, *this; }

    /// child.columns -> parent.id, or as many columns of its own as there are keys.
    Schema &key(const std::string &child, Names columns, const std::string &parent, Kind kind = Kind::foreign_key) {
        Edge edge;
        edge.child = node(child).id, edge.parent = node(parent).id;
        edge.parent_columns = columns.size() == 1 ? Names{"id"} : columns;
        edge.child_columns = std::move(columns);
        edge.kind = kind;
        edge.labelled = kind != Kind::foreign_key;
        edges_.push_back(edge);
        return *this;
    }
    Schema &owned(const std::string &child, Names columns, const std::string &parent) {
        return key(child, std::move(columns), parent, Kind::owned);
    }
    Schema &accessed(const std::string &child, Names columns, const std::string &parent) {
        return key(child, std::move(columns), parent, Kind::accessed);
    }
    Schema &owns(const std::string &child, Names columns, const std::string &parent) {
        return key(child, std::move(columns), parent, Kind::owns);
    }
    Edge &last() { return edges_.back(); }

    Graph graph() const { return Graph(nodes_, edges_); }
    Graph shuffled(unsigned seed) const {
        auto nodes = nodes_;
        auto edges = edges_;
        std::mt19937 random(seed);
        std::shuffle(nodes.begin(), nodes.end(), random);
        std::shuffle(edges.begin(), edges.end(), random);
        return Graph(nodes, edges);
    }
    unsigned id(const std::string &name) const {
        for (const Node &node : nodes_)
            if (node.name == name)
                return node.id;
        throw PlanError("no " + name);
    }
    const std::string &name(unsigned id) const { return nodes_.at(id - 100).name; }
    Walk walk(const std::string &name) const { return graph().walk(id(name)); }
    Walk walk(const Names &names) const {
        std::vector<unsigned> ids;
        for (const std::string &each : names)
            ids.push_back(id(each));
        return graph().walk(ids);
    }

    /// Steps as words: "note", "deal?" when accessed, "activity*" when shared, "a~" when recursive.
    Names steps(const std::string &subject) const {
        Names result;
        for (const Step &step : walk(subject).steps)
            result.push_back(name(step.node) + (step.kind == Step::Kind::accessed ? "?" : "") +
                             (step.shared ? "*" : "") + (step.recursive ? "~" : ""));
        return result;
    }
    Step step(const std::string &subject, const std::string &node) const {
        for (const Step &step : walk(subject).steps)
            if (step.node == id(node))
                return step;
        throw PlanError("no step " + node);
    }
    Names undecided(const std::string &subject) const {
        Names result;
        for (const Undecided &each : walk(subject).undecided)
            result.push_back(each.attributes);
        return result;
    }
    /// Paths as words: "note.activity_id>activity.contact_id>contact".
    Names paths(const std::string &from) const {
        Names result;
        for (const Path &path : graph().paths_to_subjects(id(from))) {
            std::string text;
            for (const Hop &hop : path.hops)
                text += name(hop.owned) + (hop.reversed() ? "<" : ".") + hop.edge.child_columns[0] + '>';
            result.push_back(text + name(path.subject));
        }
        return result;
    }
    Names erase_order(const std::string &subject) const {
        const Graph planned = graph();
        Names result;
        for (unsigned id : planned.erase_order(planned.walk(this->id(subject))).nodes)
            result.push_back(name(id));
        return result;
    }

  private:
    Node &node(const std::string &name) {
        for (Node &node : nodes_)
            if (node.name == name)
                return node;
        Node node;
        node.id = 100 + static_cast<unsigned>(nodes_.size());
        node.name = name;
        return nodes_.emplace_back(node);
    }
    std::vector<Node> nodes_;
    std::vector<Edge> edges_;
};

Schema crm() {
    Schema schema;
    schema.subject("contact").subject("lead").table("product").keep("invoice");
    schema.key("activity", {"contact_id"}, "contact").key("activity", {"lead_id"}, "lead");
    schema.owned("activity", {"contact_id"}, "contact").owned("activity", {"lead_id"}, "lead");
    schema.key("note", {"activity_id"}, "activity").key("invoice", {"contact_id"}, "contact");
    schema.key("invoice_line", {"invoice_id"}, "invoice").key("invoice_line", {"product_id"}, "product");
    schema.key("deal", {"contact_id"}, "contact").accessed("deal", {"contact_id"}, "contact");
    schema.key("deal_line", {"deal_id"}, "deal");
    return schema;
}

Schema message() {
    Schema schema;
    schema.subject("person").key("message", {"sender_id"}, "person").key("message", {"recipient_id"}, "person");
    return schema;
}

TEST(Plan, Crm) {
    const Schema schema = crm();
    EXPECT_EQ(schema.steps("contact"), (Names{"contact", "activity*", "invoice", "invoice_line", "note*", "deal?"}));
    EXPECT_EQ(schema.steps("lead"), (Names{"lead", "activity*", "note*"}));
    EXPECT_TRUE(schema.graph().undecided().empty());
    EXPECT_EQ(schema.step("lead", "activity").hops.size(), 1u); // the contact's key reaches nothing of a lead
    EXPECT_EQ(schema.paths("note"),
              (Names{"note.activity_id>activity.contact_id>contact", "note.activity_id>activity.lead_id>lead"}));
    EXPECT_EQ(schema.paths("deal"), Names{}); // accessed is not owned
}

TEST(Plan, OnePersonInSeveralSubjectTables) {
    const Walk walk = crm().walk(Names{"lead", "contact"});
    Names steps;
    for (const Step &step : walk.steps)
        steps.push_back(crm().name(step.node));
    EXPECT_EQ(steps, (Names{"lead", "contact", "invoice", "invoice_line", "activity", "note", "deal"})); // as named
    EXPECT_EQ(walk.steps[0].kind, Step::Kind::subject);
    EXPECT_EQ(walk.steps[1].kind, Step::Kind::subject);
    EXPECT_TRUE(walk.steps[1].hops.empty());
    EXPECT_NE(walk.steps[0].group, walk.steps[1].group);
    EXPECT_EQ(walk.steps[4].hops.size(), 2u); // by either key it is this person's
    for (std::size_t i = 1; i < walk.steps.size(); ++i)
        EXPECT_EQ(walk.steps[i].group, walk.steps[i - 1].group + 1);
    EXPECT_EQ(crm().walk(Names{"contact"}), crm().walk("contact"));
    EXPECT_THROW(crm().walk(Names{"contact", "note"}), PlanError);
    // What is undecided for one of them is so for the person.
    Schema schema = crm();
    schema.key("gift", {"lead_id"}, "lead").key("gift", {"other_id"}, "lead");
    EXPECT_TRUE(schema.walk("contact").undecided.empty());
    EXPECT_EQ(schema.walk(Names{"contact", "lead"}).undecided.size(), 1u);
}

TEST(Plan, StepsSayHowRowsAreReached) {
    const Step step = crm().step("contact", "note");
    ASSERT_EQ(step.hops.size(), 1u);
    EXPECT_EQ(step.hops[0].owner, crm().id("activity"));
    EXPECT_EQ(step.hops[0].owned, crm().id("note"));
    EXPECT_EQ(step.hops[0].edge.child_columns, Names{"activity_id"});
    EXPECT_FALSE(step.hops[0].reversed());
    EXPECT_EQ(crm().walk("contact").steps[0].kind, Step::Kind::subject);
    EXPECT_TRUE(crm().walk("contact").steps[0].hops.empty());
}

TEST(Plan, AccessedRowsAreNotFollowed) {
    Schema schema = crm();
    schema.subject("agent").accessed("call", {"deal_id"}, "deal").accessed("review", {"note_id"}, "note");
    const Names steps = schema.steps("contact");
    EXPECT_EQ(std::count(steps.begin(), steps.end(), "deal_line"), 0);
    EXPECT_EQ(std::count(steps.begin(), steps.end(), "call?"), 0); // the deal is no row of the contact's
    EXPECT_EQ(std::count(steps.begin(), steps.end(), "review?"), 1);
    EXPECT_EQ(schema.paths("deal_line"), Names{});
}

TEST(Plan, IsolatedTablesAndLonelySubjects) {
    Schema schema;
    schema.subject("person").key("line", {"product_id"}, "product");
    EXPECT_EQ(schema.steps("person"), Names{"person"});
    EXPECT_EQ(schema.paths("line"), Names{});
    ASSERT_EQ(schema.graph().paths_to_subjects(schema.id("person")).size(), 1u); // belongs to itself
    EXPECT_TRUE(schema.graph().paths_to_subjects(schema.id("person"))[0].hops.empty());
}

TEST(Plan, SelfReferenceIsNeverOwnership) {
    Schema schema;
    schema.subject("person").key("person", {"manager_id"}, "person");
    schema.key("folder", {"person_id"}, "person").key("folder", {"parent_id"}, "folder");
    EXPECT_EQ(schema.steps("person"), (Names{"person", "folder"}));
    EXPECT_EQ(schema.paths("folder"), Names{"folder.person_id>person"});
    schema.owned("folder", {"parent_id"}, "folder").owned("folder", {"person_id"}, "person");
    EXPECT_EQ(schema.steps("person"), (Names{"person", "folder"}));
}

TEST(Plan, SelfReferenceMayBeAccessed) {
    Schema schema;
    schema.subject("person").accessed("person", {"referrer_id"}, "person");
    EXPECT_EQ(schema.steps("person"), (Names{"person", "person?"}));
    EXPECT_FALSE(schema.walk("person").steps[1].hops[0].reversed());
}

TEST(Plan, SubjectsOwnNoSubjects) {
    Schema schema;
    schema.subject("contact").subject("lead").key("lead", {"contact_id"}, "contact");
    schema.owns("contact", {"lead_id"}, "lead").key("contact", {"address_id"}, "address");
    EXPECT_EQ(schema.steps("contact"), Names{"contact"});
    EXPECT_EQ(schema.paths("lead"), Names{"lead"});
    schema.accessed("lead", {"contact_id"}, "contact");
    EXPECT_EQ(schema.steps("contact"), (Names{"contact", "lead?"}));
}

TEST(Plan, TwoKeysToOneSubjectAreUndecided) {
    const Walk walk = message().walk("person");
    ASSERT_EQ(walk.undecided.size(), 1u);
    const Undecided &why = walk.undecided[0];
    EXPECT_EQ(why.message, "table message leads to data subjects by more than one path and no label decides");
    EXPECT_EQ(why.detail, "recipient_id leads to person; sender_id leads to person.");
    EXPECT_EQ(why.statement, "SECURITY LABEL FOR gdpr ON TABLE message IS 'owned(recipient_id), accessed(sender_id)'");
    EXPECT_EQ(why.hint, "Say whose its rows are, for example: " + why.statement);
    EXPECT_EQ(why.hops.size(), 2u);
    EXPECT_EQ(walk.steps.size(), 1u); // and nothing of it is walked
    EXPECT_EQ(message().paths("message"), Names{});
}

TEST(Plan, ALabelDecides) {
    Schema schema = message();
    schema.owned("message", {"sender_id"}, "person").accessed("message", {"recipient_id"}, "person");
    EXPECT_TRUE(schema.graph().undecided().empty());
    EXPECT_EQ(schema.steps("person"), (Names{"person", "message", "message?"}));
    EXPECT_EQ(schema.paths("message"), Names{"message.sender_id>person"});
}

TEST(Plan, BothKeysOwnWhenLabelled) {
    Schema schema = message();
    schema.owned("message", {"sender_id"}, "person").owned("message", {"recipient_id"}, "person");
    EXPECT_EQ(schema.steps("person"), (Names{"person", "message*"}));
    EXPECT_EQ(schema.step("person", "message").hops.size(), 2u);
    EXPECT_EQ(schema.paths("message"), (Names{"message.recipient_id>person", "message.sender_id>person"}));
}

TEST(Plan, UnlabelledKeyIsIgnoredBesideALabel) {
    Schema schema = message();
    schema.owned("message", {"sender_id"}, "person");
    EXPECT_EQ(schema.steps("person"), (Names{"person", "message"}));
    EXPECT_EQ(schema.step("person", "message").hops.size(), 1u);
}

TEST(Plan, SuggestionPrefersTheKeyThatIsAlwaysThere) {
    Schema schema;
    schema.subject("person").key("message", {"a_id"}, "person");
    schema.last().nullable = true;
    schema.key("message", {"b_id"}, "person");
    EXPECT_EQ(schema.undecided("person"), Names{"owned(b_id), accessed(a_id)"});
}

TEST(Plan, SuggestionQuotesNames) {
    Schema schema;
    schema.subject("person").keep("crm.\"O'Neill\"");
    schema.key("crm.\"O'Neill\"", {"Author"}, "person").key("crm.\"O'Neill\"", {"x", "it's"}, "person");
    const Undecided why = schema.walk("person").undecided.at(0);
    EXPECT_EQ(why.attributes, "owned(\"Author\"), accessed(x, \"it's\")");
    EXPECT_EQ(why.statement, "SECURITY LABEL FOR gdpr ON TABLE crm.\"O'Neill\" IS "
                             "'owned(\"Author\"), accessed(x, \"it''s\")'");
    EXPECT_TRUE(why.hint.find("together with what its label says") != std::string::npos);
    EXPECT_EQ(label::to_string(label::parse_table(why.attributes)), why.attributes); // it can be written
}

TEST(Plan, SuggestionNamesTheTableWhereTheKeyDoesNot) {
    Schema schema;
    schema.subject("contact").subject("lead").key("task", {"ref"}, "contact").key("task", {"ref"}, "lead");
    EXPECT_EQ(schema.undecided("lead"), Names{"owned(ref -> contact(id)), accessed(ref -> lead(id))"});
}

TEST(Plan, DiamondIsUndecidedAndWhatHangsBelowIt) {
    Schema schema;
    schema.subject("person").key("purchase", {"person_id"}, "person").key("line", {"purchase_id"}, "purchase");
    schema.key("line", {"person_id"}, "person").key("remark", {"line_id"}, "line");
    EXPECT_EQ(schema.undecided("person"), Names{"owned(person_id), accessed(purchase_id)"});
    EXPECT_EQ(schema.steps("person"), (Names{"person", "purchase"}));
    EXPECT_EQ(schema.graph().undecided_above(schema.id("remark")).size(), 1u);
    EXPECT_EQ(schema.graph().undecided_above(schema.id("purchase")).size(), 0u);
    schema.owned("line", {"purchase_id"}, "purchase");
    EXPECT_EQ(schema.steps("person"), (Names{"person", "purchase", "line", "remark"}));
}

TEST(Plan, EverySubjectThatMayBeReachedRefuses) {
    Schema schema;
    schema.subject("contact").subject("lead").subject("agent").key("agent_note", {"agent_id"}, "agent");
    schema.key("activity", {"contact_id"}, "contact").key("activity", {"lead_id"}, "lead");
    EXPECT_EQ(schema.walk("contact").undecided, schema.walk("lead").undecided);
    EXPECT_EQ(schema.walk("contact").undecided.size(), 1u);
    EXPECT_TRUE(schema.walk("agent").undecided.empty()); // not reached, not refused
}

TEST(Plan, TwoConstraintsOnOneKeyAreOnePath) {
    Schema schema;
    schema.subject("person").key("note", {"a", "b"}, "person").key("note", {"a", "b"}, "person");
    schema.key("note", {"b", "a"}, "person"); // the same pairs in another order
    EXPECT_EQ(schema.steps("person"), (Names{"person", "note"}));
    EXPECT_EQ(schema.step("person", "note").hops.size(), 1u);
}

TEST(Plan, CompositeKeys) {
    Schema schema;
    schema.subject("person").key("note", {"tenant", "person_no"}, "person");
    const Hop hop = schema.step("person", "note").hops.at(0);
    EXPECT_EQ(hop.edge.child_columns, (Names{"tenant", "person_no"}));
    EXPECT_EQ(hop.edge.parent_columns, (Names{"tenant", "person_no"}));
}

TEST(Plan, AKeyBackToOnesOwnChildIsNoOwnership) {
    Schema schema; // the latest status of an order
    schema.subject("person").key("purchase", {"person_id"}, "person").key("purchase", {"status_id"}, "status");
    schema.key("status", {"purchase_id"}, "purchase");
    EXPECT_TRUE(schema.graph().undecided().empty());
    EXPECT_EQ(schema.steps("person"), (Names{"person", "purchase", "status"}));
    EXPECT_EQ(schema.paths("status"), Names{"status.purchase_id>purchase.person_id>person"});
}

TEST(Plan, CycleEnteredTwiceIsUndecided) {
    Schema schema;
    schema.subject("person").key("a", {"person_id"}, "person").key("b", {"person_id"}, "person");
    schema.key("a", {"b_id"}, "b").key("b", {"a_id"}, "a");
    EXPECT_EQ(schema.undecided("person"),
              (Names{"owned(b_id), accessed(person_id)", "owned(a_id), accessed(person_id)"}));
}

TEST(Plan, LabelledCycleIsRecursive) {
    Schema schema;
    schema.subject("person").owned("b", {"person_id"}, "person").owned("b", {"a_id"}, "a");
    schema.owned("a", {"b_id"}, "b").key("c", {"a_id"}, "a");
    EXPECT_EQ(schema.steps("person"), (Names{"person", "a*~", "b*~", "c*"}));
    const Walk walk = schema.walk("person");
    EXPECT_EQ(walk.steps[1].group, walk.steps[2].group);
    EXPECT_EQ(walk.steps[3].group, walk.steps[2].group + 1);
    EXPECT_EQ(walk.steps[2].hops.size(), 2u); // from the subject and from its group
    const auto paths = schema.graph().paths_to_subjects(schema.id("c"));
    ASSERT_EQ(paths.size(), 1u); // simple paths only; rounds are what recursive says
    EXPECT_TRUE(paths[0].recursive);
}

TEST(Plan, OwnsReversesTheKey) {
    Schema schema;
    schema.subject("person").key("purchase", {"person_id"}, "person").key("purchase", {"address_id"}, "address");
    EXPECT_EQ(schema.steps("person"), (Names{"person", "purchase"})); // by default an address is nobody's
    schema.owns("purchase", {"address_id"}, "address").owned("parcel", {"address_id"}, "address");
    EXPECT_EQ(schema.steps("person"), (Names{"person", "purchase", "address*", "parcel*"}));
    EXPECT_TRUE(schema.step("person", "address").hops.at(0).reversed());
    EXPECT_EQ(schema.paths("address"), Names{"address<address_id>purchase.person_id>person"});
    EXPECT_EQ(schema.erase_order("person"), (Names{"parcel", "purchase", "address", "person"}));
}

TEST(Plan, WhatElsePointsThereIsUndecided) {
    Schema schema;
    schema.subject("person").key("person", {"address_id"}, "address").owns("person", {"address_id"}, "address");
    schema.key("shop", {"address_id"}, "address").key("till", {"shop_id"}, "shop");
    EXPECT_EQ(schema.undecided("person"), Names{"owned(address_id)"});
    EXPECT_EQ(schema.walk("person").undecided[0].message,
              "table shop points to rows that are owned by what points to them and no label decides");
    schema.owns("shop", {"address_id"}, "address");
    EXPECT_EQ(schema.steps("person"), (Names{"person", "address*"}));
    ASSERT_EQ(schema.graph().impersonal_owners(schema.id("address")).size(), 1u); // and the address outlives people
    EXPECT_EQ(schema.graph().impersonal_owners(schema.id("address"))[0].owner, schema.id("shop"));
    EXPECT_TRUE(schema.graph().impersonal_owners(schema.id("person")).empty());
    schema.key("badge", {"person_id"}, "person").owns("door", {"badge_id"}, "badge");
    EXPECT_TRUE(schema.step("person", "badge").shared); // one person's, and nobody's
}

TEST(Plan, ASubjectOwnsWhatItPointsTo) {
    Schema schema;
    schema.subject("person").key("person", {"address_id"}, "address").owns("person", {"address_id"}, "address");
    EXPECT_EQ(schema.steps("person"), (Names{"person", "address*"}));
}

TEST(Plan, OwnsBesideAnUnlabelledKeyIsUndecided) {
    Schema schema;
    schema.subject("person").key("purchase", {"person_id"}, "person").owns("purchase", {"address_id"}, "address");
    schema.key("address", {"person_id"}, "person");
    EXPECT_EQ(schema.undecided("person"), Names{"owned(person_id)"});
    EXPECT_EQ(schema.walk("person").undecided[0].detail, "person_id leads to person; purchase owns it by address_id.");
    schema.owned("address", {"person_id"}, "person");
    EXPECT_EQ(schema.steps("person"), (Names{"person", "purchase", "address*"}));
}

TEST(Plan, SuggestionKeepsWhatTheTableOwns) {
    Schema schema = message();
    schema.key("message", {"body_id"}, "body").owns("message", {"body_id"}, "body");
    EXPECT_EQ(schema.undecided("person"), Names{"owned(recipient_id), accessed(sender_id), owns(body_id)"});
}

TEST(Plan, ALabelThatNamesNoEdgeIsUndecided) {
    Schema schema;
    schema.subject("person").lost("note", "owned(gone_id)").key("note", {"person_id"}, "person");
    const Undecided found = schema.walk("person").undecided.at(0);
    EXPECT_EQ(found.message, "label of table note names what does not exist");
    EXPECT_EQ(found.detail, "There is no such key, table or column: owned(gone_id).");
    EXPECT_EQ(schema.undecided("person"), Names{"owned(person_id)"});
}

TEST(Plan, ALostEdgeMayBeAnyonesAndNoneOfTheOthersHidesIt) {
    Schema schema;
    schema.subject("person").subject("firm").owned("note", {"person_id"}, "person").lost("note", "owned(gone -> firm)");
    EXPECT_EQ(schema.walk("firm").undecided.size(), 0U);
    schema.enforced("note");
    for (const char *subject : {"person", "firm"})
        EXPECT_EQ(schema.walk(subject).undecided.size(), 1U);
    EXPECT_EQ(schema.graph().undecided_above(schema.id("note")).size(), 1U);
    EXPECT_EQ(schema.steps("person"), Names{"person"});
}

TEST(Plan, ManyParentsAreSeveralOwners) {
    Schema schema;
    schema.subject("person").owned("mail", {"address"}, "person");
    EXPECT_EQ(schema.steps("person"), (Names{"person", "mail"}));
    schema.last().many = true;
    EXPECT_EQ(schema.steps("person"), (Names{"person", "mail*"}));
}

TEST(Plan, OwnedByWhatIsNobodysCountsForNothing) {
    Schema schema;
    schema.subject("person").owned("note", {"person_id"}, "person").owned("note", {"product_id"}, "product");
    EXPECT_EQ(schema.steps("person"), (Names{"person", "note"}));
}

TEST(Plan, PolymorphicEdgesKeepTheirPredicates) {
    Schema schema;
    schema.subject("contact").subject("lead").owned("task", {"ref"}, "contact");
    schema.last().when = "kind = 'contact'";
    schema.owned("task", {"ref"}, "lead").last().when = "kind = 'lead'";
    EXPECT_EQ(schema.step("lead", "task").hops.at(0).edge.when, "kind = 'lead'");
    EXPECT_TRUE(schema.step("lead", "task").shared);
}

TEST(Plan, NullablePaths) {
    Schema schema;
    schema.subject("person").key("a", {"person_id"}, "person").last().nullable = true;
    schema.key("b", {"a_id"}, "a").key("c", {"person_id"}, "person");
    EXPECT_TRUE(schema.graph().paths_to_subjects(schema.id("b")).at(0).nullable);
    EXPECT_FALSE(schema.graph().paths_to_subjects(schema.id("c")).at(0).nullable);
}

TEST(Plan, EraseOrderFollowsEveryKey) {
    Schema schema = crm();
    schema.key("activity", {"invoice_id"}, "invoice"); // no ownership, but still a constraint
    schema.key("invoice", {"deal_id"}, "deal");
    EXPECT_EQ(schema.steps("contact")[1], "activity*");
    EXPECT_EQ(schema.erase_order("lead"), (Names{"note", "activity", "lead"}));
    EXPECT_EQ(schema.erase_order("contact"), (Names{"invoice_line", "note", "activity", "invoice", "deal", "contact"}));
}

TEST(Plan, EraseOrderReportsCycles) {
    Schema schema;
    schema.subject("person").key("purchase", {"person_id"}, "person").key("purchase", {"status_id"}, "status");
    schema.key("status", {"purchase_id"}, "purchase").key("line", {"purchase_id"}, "purchase");
    schema.key("person", {"manager_id"}, "person"); // one statement deletes both ends
    const Graph graph = schema.graph();
    const EraseOrder order = graph.erase_order(graph.walk(schema.id("person")));
    EXPECT_EQ(schema.erase_order("person"), (Names{"line", "purchase", "status", "person"}));
    EXPECT_EQ(order.cycles, (std::vector<std::vector<unsigned>>{{schema.id("purchase"), schema.id("status")}}));
}

TEST(Plan, OrderOfInputChangesNothing) {
    Schema schema = crm();
    schema.owned("b", {"contact_id"}, "contact").owned("b", {"a_id"}, "a").owned("a", {"b_id"}, "b");
    schema.key("message", {"x"}, "contact").key("message", {"y"}, "lead").owns("note", {"c_id"}, "c");
    const Graph graph = schema.graph();
    const Walk walk = graph.walk(schema.id("contact"));
    for (unsigned seed = 0; seed < 50; ++seed) {
        const Graph other = schema.shuffled(seed);
        EXPECT_EQ(other.walk(schema.id("contact")), walk);
        EXPECT_EQ(other.erase_order(walk), graph.erase_order(walk));
        EXPECT_EQ(other.undecided(), graph.undecided());
        EXPECT_EQ(other.paths_to_subjects(schema.id("c")), graph.paths_to_subjects(schema.id("c")));
    }
}

TEST(Plan, LongChainsAndWideGraphs) {
    Schema schema;
    schema.subject("t0");
    for (int i = 1; i < 400; ++i)
        schema.key("t" + std::to_string(i), {"up"}, "t" + std::to_string(i - 1));
    EXPECT_EQ(schema.walk("t0").steps.size(), 400u);
    EXPECT_EQ(schema.paths("t399").size(), 1u);
    EXPECT_EQ(schema.erase_order("t0").front(), "t399");
}

TEST(Plan, TooManyPathsAreAnErrorNotAHang) {
    Schema schema;
    schema.subject("t0");
    for (int i = 1; i < 40; ++i)
        for (const std::string column : {"a", "b"})
            schema.owned("t" + std::to_string(i), {column}, "t" + std::to_string(i - 1));
    EXPECT_THROW(schema.graph().paths_to_subjects(schema.id("t39")), PlanError);
    EXPECT_EQ(schema.walk("t0").steps.size(), 40u);
}

TEST(Plan, ErrorsOfTheCaller) {
    EXPECT_THROW(Graph({}, {}).walk(1), PlanError);
    EXPECT_THROW(crm().walk("note"), PlanError);
    Node one, two;
    one.id = two.id = 1;
    EXPECT_THROW(Graph({one, two}, {}), PlanError);
    Edge edge;
    edge.child = edge.parent = 1;
    EXPECT_THROW(Graph({one}, {edge}), PlanError); // no columns
    edge.parent = 2;
    EXPECT_THROW(Graph({one}, {edge}), PlanError);
}

} // namespace
} // namespace gdpr::subject
