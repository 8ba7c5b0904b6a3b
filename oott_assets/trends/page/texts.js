"use strict";
// The sentences of the page in English and Korean. {name} is replaced by a value.

const TEXTS = {
  brand: ["Trends of what people wear", "여행지 패션 트렌드"],
  title: ["What people wear: {place}, {month}", "{place}, {month}에 입은 옷"],
  place: ["Place", "장소"],
  category: ["Garments", "옷 종류"],
  month: ["Month", "월"],
  changeSince: ["Change since", "비교 시점"],
  compareWith: ["Compare with", "비교할 장소"],
  where: ["Destinations", "여행지"],
  allPlaces: ["All places", "모든 장소"],
  allCategories: ["All categories", "모든 종류"],
  categories: ["Kinds of destinations", "여행지 종류"],
  nothingElse: ["No other place", "비교 안 함"],
  monthBefore: ["the month before", "지난달"],
  yearBefore: ["a year before", "지난해 같은 달"],
  twelveBefore: ["12 months against the 12 before", "최근 12개월과 그 전 12개월"],
  noPhotosInMonth: ["no photos", "사진 없음"],
  drawn: [
    "Drawn people: a program drew the photos of this page as sample data. They show no real fashion.",
    "그려진 사람: 이 페이지의 사진은 프로그램이 그린 예시 데이터입니다. 실제 패션이 아닙니다.",
  ],

  rises: ["Rises", "늘었어요"],
  falls: ["Falls", "줄었어요"],
  nothingRises: ["Nothing rises clearly.", "뚜렷하게 늘어난 것이 없어요."],
  nothingFalls: ["Nothing falls clearly.", "뚜렷하게 줄어든 것이 없어요."],
  restsOn: ["Rests on", "근거"],
  photosAndPosts: ["{photos} photos with garments, from {posts} posts", "옷이 보이는 사진 {photos}장 (게시물 {posts}개)"],
  detector: ["Detector {version}", "검출기 {version}"],
  noPhotos: ["There are no photos of {place} in {month}.", "{month}에는 {place} 사진이 없어요."],
  nothingToCompare: ["There are no photos of {month} to compare with.", "비교할 {month} 사진이 없어요."],
  otherDetector: [
    "Another detector counted {month}, so a change may come from the detector.",
    "{month}은 다른 검출기로 세었기 때문에, 변화가 검출기 때문일 수 있어요.",
  ],
  otherDetectorYear: [
    "Another detector counted the year before, so a change may come from the detector.",
    "그 전해는 다른 검출기로 세었기 때문에, 변화가 검출기 때문일 수 있어요.",
  ],
  growthPhotos: [
    "{photos} photos in {months} months, and {before} in the same months a year before",
    "{months}개월의 사진 {photos}장, 지난해 같은 달들의 사진 {before}장",
  ],
  growthNeeds: [
    "At least 6 months with photos a year before are needed; there are {months}.",
    "한 해 전에도 사진이 있는 달이 6개월 이상 필요한데, {months}개월뿐이에요.",
  ],
  growthOfLatest: ["This comparison ends with the latest month, {month}.", "이 비교는 마지막 달인 {month}까지만 있어요."],
  noDetails: [
    "To keep this page small, it has no changes, looks and outfits of this month.",
    "페이지 크기를 줄이려고 이 달의 변화, 룩, 코디는 넣지 않았어요.",
  ],
  photosShort: ["{photos} photos", "사진 {photos}장"],
  noClearChange: ["no clear change", "뚜렷한 변화 없음"],

  changesTitle: ["What rises and falls", "늘어난 것과 줄어든 것"],
  changesHint: [
    "Only changes that are clear after a correction for many comparisons. The line shows the last months, and the bar shows the 95 % interval of the change.",
    "여러 번 비교한 것을 보정한 뒤에도 뚜렷한 변화만 보여요. 선은 지난 몇 달, 막대는 변화의 95% 구간이에요.",
  ],
  more: ["{count} more, also colours, garments with colour, and outfits", "색, 색까지 본 옷, 코디까지 {count}개 더 보기"],
  points: ["{change} points", "{change}%p"],
  fromTo: ["{before} → {now}", "{before} → {now}"],
  showOverTime: ["Show {name} over time", "{name}의 변화 보기"],
  allChanges: ["All garments, also without a clear change", "뚜렷한 변화가 없는 옷까지 모두 보기"],
  changeAxis: ["Change in points", "변화 (%p)"],

  wornTitle: ["What is worn", "많이 입는 옷"],
  wornHint: [
    "Share of the photos with garments that show it, with its 95 % interval. Grey: the detector does not recognise it reliably.",
    "옷이 보이는 사진 중 이 옷이 나온 비율과 95% 구간이에요. 회색: 검출기가 잘 구별하지 못하는 옷이에요.",
  ],
  garments: ["Garments", "옷"],
  looks: ["Garments with colour", "색까지 본 옷"],
  nothingSeen: ["Nothing was seen often enough.", "충분히 자주 보인 것이 없어요."],
  share: ["Share", "비율"],
  interval: ["95 % interval", "95% 구간"],
  interval95: ["{low} – {high}", "{low}~{high}"],
  seen: ["Seen in photos", "보인 사진 수"],
  name: ["Name", "이름"],
  numbers: ["The numbers as a table", "숫자를 표로 보기"],

  timeTitle: ["Over time", "시간에 따른 변화"],
  shown: ["Shown", "보기"],
  timeHint: [
    "The band is the 95 % interval. Dashed: the forecast. A gap is a month without photos; for a colour of one garment, it may also be a month in which it was rarely seen.",
    "띠는 95% 구간, 점선은 예측이에요. 빈 곳은 사진이 없는 달이에요. 색까지 본 옷은 드물게 보인 달도 비어 있어요.",
  ],

  coloursTitle: ["Colours", "색"],
  coloursHint: ["Share of the photos with garments that show the colour, of any category.", "옷이 보이는 사진 중 이 색이 나온 비율이에요 (모든 종류)."],
  outfitsTitle: ["Outfits", "코디"],
  outfitsHint: ["The outfits that are seen most, drawn in their most common colours.", "가장 많이 보인 코디를 가장 흔한 색으로 그렸어요."],

  aheadTitle: ["Look ahead", "앞으로"],
  aheadHint: [
    "Only forecasts that were better on past months than to repeat the last month or the last year.",
    "지난 달들에서 시험했을 때 지난달이나 지난해를 그대로 되풀이하는 것보다 나았던 예측만 보여요.",
  ],
  range: ["{share} ({low} to {high})", "{share} ({low} ~ {high})"],
  method: ["Method, and its average error on past months", "방법과 지난 달들의 평균 오차"],
  errors: ["{method}: {error} points (repeating: {naive})", "{method}: {error}%p (되풀이: {naive})"],
  cannotBeTold: ["Cannot be told yet", "아직 알 수 없어요"],
  needsMonths: ["{names}: {months} months of history are needed.", "{names}: {months}개월치 기록이 필요해요."],
  manyGarments: ["{count} garments", "옷 {count}가지"],
  notBetter: ["{names}: no method is better than to repeat the past.", "{names}: 과거를 되풀이하는 것보다 나은 방법이 없어요."],
  noForecast: [
    "There is no forecast for this place and month yet.",
    "이 장소와 달에는 아직 예측이 없어요.",
  ],

  eventsTitle: ["Unusual weeks", "특별한 주"],
  noEvents: ["No week was unusual.", "특별한 주가 없어요."],
  week: ["Week of {week}", "{week}부터 한 주"],
  event: [
    "{name}: {share} of {photos} photos; expected {expected} ({low} to {high}).",
    "{name}: 사진 {photos}장 중 {share}; 예상은 {expected} ({low} ~ {high}).",
  ],

  untoldTitle: ["What cannot be told", "알 수 없는 것"],
  tooFew: [
    "{photos} photos are too few to tell a change of: {names}.",
    "사진 {photos}장으로는 다음 옷의 변화를 알 수 없어요: {names}.",
  ],
  needed: ["{name} (about {needed} are needed)", "{name} (약 {needed}장 필요)"],
  notRecognised: [
    "The detector does not recognise these garments reliably. They are grey, and never rise or fall:",
    "검출기가 다음 옷을 잘 구별하지 못해요. 회색으로 보이고, 늘거나 줄었다고 하지 않아요:",
  ],
  quality: ["{name} (right in {precision} of its finds, finds {recall})", "{name} (찾은 것 중 {precision}이 맞고, 전체의 {recall}를 찾음)"],
  missingMonths: ["Months without photos of {place}: {months}. They are gaps, not zeros.", "{place} 사진이 없는 달: {months}. 0이 아니라 빈 달이에요."],
  everythingTold: ["Everything could be told.", "모두 알 수 있었어요."],

  aboutTitle: ["How these numbers are made", "이 숫자는 이렇게 만들어요"],
  about: [
    "A detector finds garments in the collected photos. A share is the part of the photos with garments that show something. The 95 % interval says how far the share may be off because only some photos were collected. Photos of one post count as one group, because they often show the same person. A change is called rising or falling only if it is clear after the Benjamini-Hochberg correction at 5 %. Photos that app users send are not part of this page.",
    "검출기가 모은 사진에서 옷을 찾아요. 비율은 옷이 보이는 사진 중에서 그것이 나온 사진의 몫이에요. 95% 구간은 일부 사진만 모았기 때문에 비율이 얼마나 다를 수 있는지 말해요. 한 게시물의 사진은 같은 사람이 나오는 일이 많아서 한 묶음으로 세어요. Benjamini-Hochberg 보정(5%) 뒤에도 뚜렷한 변화만 늘었다거나 줄었다고 해요. 앱 사용자가 보낸 사진은 들어 있지 않아요.",
  ],
  precision: ["Right finds", "맞은 비율"],
  recall: ["Found", "찾은 비율"],
  detectorQuality: ["How well the detector recognises garments, on labelled photos", "라벨이 있는 사진에서 잰 검출기의 정확도"],
  madeAt: ["Made at {time}.", "만든 시각: {time}."],
};

/** Give the text `key` in the chosen language, with `values` in it. */
function text(key, values = {}) {
  const [english, korean] = TEXTS[key];
  const sentence = state.lang === "ko" ? korean : english;
  return sentence.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}
