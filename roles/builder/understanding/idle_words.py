"""Words of requests that decide nothing: those of speech, of asking, of what any request is about."""

from __future__ import annotations

from common.language.words import word_set

__all__ = ["DOING", "SPEECH"]

SPEECH = word_set(
    """i we you they he she it its it's i'd i'll i'm we'd we'll you'd can could would should shall will may might
    must do does did is are was were
    be been being have has had need needs want wants like please make makes made build builds create creates
    give gives show shows list lists get gets
    tell tells find finds display displays return returns calculate calculates compute computes work works out
    agent bot assistant tool
    helper system calculator service thing something that which who whom whose what when where how why this
    these those there here a an the and or
    but if so then than as of in on at by for from with into to up about per each every all any some one ones
    given certain
    specific particular chosen selected my our your their his her me us them also just only both using use uses used
    based number value values figure figures amount formula formulas defined definition calculated computed way
    database
    data table tables row rows column columns record records information info details report reports overview
    summary look looking
    lookup up ask asks asked asking user users caller who'd let lets help helps thanks thank hi hello hey lot
    much many able
    answer answers question questions name named called call id number input inputs output outputs take takes
    taking enter
    entered provide provided provides including include includes together along respective following such e.g
    eg i.e etc ie
    according available current currently existing actual new good fine ok okay pass passes passed fail fails
    failed failing passing flag flagged flags
    warn warns warning must otherwise else least most above below than more less equal result results check
    checks checked checker
    see know want'd every single individual different various own same time rather really simply basically kind
    sort type
    acceptable allowed required threshold limit rule rules minimum maximum between range percent percentage
    fraction ratio ratios rate
    first last top highest lowest best order ordered sorted descending ascending largest smallest biggest desc
    asc side
    mode modes standard scenario scenarios say says said ideally whenever always anything anyone everything
    status verdict
    analysis small simple quick short easy little handy nice proper full complete whole entire purchasing
    purpose purposes
    team teams colleagues staff people manager managers management clerk department office business company customers
    interested question answering answered queries query retrieve retrieves fetch fetches search searches
    filter filters filtered whether
    compare compares tabulate print identify identifies count counts counted counting sum average determine determines
    happen happens belong belongs relevant corresponding associated related concerned involved total totals
    combined overall
    sql date dates day days month months year years via through under within across among during after before
    since until
    it'd that's what's there's gives it'll be'll own'd let's goes go come comes run runs put puts keep keeps set sets
    doe ship written spoken plain words text well yet already still instead now today never ever not no without
    don't doesn't isn't aren't
    vat eur usd gbp chf csv api kpi ceo cfo cto faq asap hr it pls plz thx fyi
    plus shown statistic statistics stats shows listing entry entries
    haven't hasn't over upon against off down back away around both either neither nor nice'd"""
)

DOING = word_set(
    """span lately ahead place placed make sold sell sells selling bought buy buys buying order earn earns
    earning spend spends spent spending bring brings brought receive receives received teach teaches taught
    sail sails sailing leaving departing drove driven drive drives driving flew flown fly flies serve serves
    served handle handles handled offer offers offered produce produces produced generate generates generated
    supply supplies supplied attend attends attended visit visits belonging made did doing cover covers
    covered hold holds held contain contains contained bear bears carry carries carried everyone everybody
    whoever anybody showing history address size other others period periods wich teh thank located exactly
    actually roughly together turn amounts apiece apart worth"""
)
"""Words for what things do with each other, which a join tells as well, and nouns that add nothing."""
