"""Classes of words that people use in place of each other, so that a request with a new name looks like a known one.

A class is a feature by itself ("something edible is mentioned") and stands in for its words in word pairs
("weather in <place>"). Words may belong to several classes; the first one that lists a word is the one that stands
in for it. Two-word entries are matched before single words.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

__all__ = ["CLASSES", "word_classes"]

CLASSES: Mapping[str, str] = {
    "weekday": (
        "monday, tuesday, wednesday, thursday, friday, saturday, sunday, mondays, tuesdays, wednesdays, thursdays, "
        "fridays, saturdays, sundays, mon, tue, tues, wed, thu, thurs, fri"
    ),
    "month": (
        "january, february, march, april, june, july, august, september, october, november, december, jan, feb, aug, "
        "sept, oct, nov, dec"
    ),
    "day": (
        "today, tomorrow, tonight, yesterday, weekend, morning, afternoon, evening, night, midday, week, month, "
        "tmrw, tomorow, tommorow, tomorrows, todays, tonights, fortnight, midweek, overnight, weekdays"
    ),
    "clock": "am, pm, noon, midnight, o'clock, oclock, half past, quarter past, quarter to, a.m, p.m",
    "unit": "second, seconds, sec, secs, minute, minutes, min, mins, hour, hours, hr, hrs",
    "alarmword": (
        "alarm, alarms, timer, timers, countdown, countdowns, stopwatch, snooze, buzzer, alarmclock, alarm clock, "
        "wake, beep, chime"
    ),
    "eventword": (
        "meeting, meetings, appointment, appointments, event, events, appt, appts, conference, interview, "
        "interviews, checkup, dentist, orthodontist, optometrist, haircut, anniversary, birthday, birthdays, party, "
        "wedding, standup, workshop, rehearsal, recital, seminar, webinar, lunch meeting, brunch, date night, "
        "playdate, picnic, graduation, baptism, christening, bar mitzvah, rehearsals, viewing, gala, regatta, audit, "
        "open day, town hall, quiz night, zumba, funeral, gig, practice, training, lesson, lessons, class, classes, "
        "physio, vet, kickoff, retro, review meeting, catch up, video call, call with, offsite, deadline, concert, "
        "ceremony, reunion, tutorial, session, sessions, one-on-one, sync, tournament, match, presentation, review, "
        "barbecue, bbq, kick-off"
    ),
    "calendarword": (
        "calendar, calender, calandar, schedule, schedules, agenda, diary, planner, itinerary, commitments, "
        "engagements, bookings, plans, availability, free slot, time slot, slot, slots"
    ),
    "remindword": "remind, reminder, reminders, reminding, reminded, remindme, nudge",
    "weatherword": (
        "weather, forecast, rain, rains, raining, rainy, rainfall, snow, snowing, snowy, snowfall, temperature, "
        "temperatures, sunny, sunshine, sun, cloudy, clouds, cloud, overcast, wind, winds, windy, gusts, breeze, "
        "breezy, storm, storms, stormy, thunder, thunderstorm, thunderstorms, lightning, hail, sleet, drizzle, "
        "drizzling, shower, showers, fog, foggy, mist, misty, humid, humidity, muggy, frost, frosty, freezing, icy, "
        "degrees, celsius, fahrenheit, umbrella, raincoat, sunscreen, sunglasses, uv, hurricane, tornado, tornadoes, "
        "blizzard, heatwave, heat wave, cold front, chilly, sunrise, sunset, precipitation, dew point, barometric, "
        "monsoon, typhoon, hot, cold, warm, outside, wet, dry, outdoors, climate, pollen, air quality, weathr, "
        "wheather, temp, temps, freeze, freezes, scorcher, pour, pouring, bucketing, snows, thaw, gale, gusty, sky, "
        "skies, conditions, cooler weather, mild, gloomy, visibility, parasol, sunblock, brolly, windcheater, washout, "
        "drizzly, scorching, sweltering, slippery, forcast"
    ),
    "garment": (
        "jacket, coat, parka, anorak, jumper, sweater, hoodie, cardigan, poncho, wellies, gloves, scarf, mittens, "
        "boots, shorts, t-shirt, tshirt, sandals, trousers, jeans, skirt, dress, socks, hat, cap, beanie, fleece, "
        "rubber boots, sweatshirt, tights, layers, wear, clothes"
    ),
    "room": (
        "kitchen, bedroom, bathroom, living room, livingroom, lounge, hallway, hall, garage, office, basement, "
        "attic, nursery, dining room, porch, patio, garden, study, den, landing, cellar, downstairs, upstairs, "
        "guest room, kids room, laundry room, utility room, conservatory, playroom, front door, back door, backyard, "
        "driveway, house, home, balcony, corridor, loft, bedrooms, rooms, room, entrance, terrace, pantry, closet"
    ),
    "device": (
        "light, lights, lamp, lamps, bulb, bulbs, chandelier, spotlights, lighting, plug, plugs, smart plug, socket, "
        "sockets, outlet, switch, thermostat, heating, heater, heaters, radiator, radiators, boiler, furnace, ac, "
        "a/c, air conditioner, air conditioning, aircon, air con, blinds, blind, curtain, curtains, shades, shutter, "
        "shutters, awning, lock, locks, deadbolt, fan, fans, tv, television, telly, vacuum, hoover, roomba, "
        "robot vacuum, vacuum cleaner, coffee maker, coffee machine, coffeemaker, espresso machine, kettle, oven, "
        "stove, hob, dishwasher, washing machine, dryer, washer, fridge, freezer, humidifier, dehumidifier, "
        "air purifier, purifier, sprinkler, sprinklers, garage door, gate, doorbell, camera, cameras, "
        "security system, burglar alarm, smoke detector, motion sensor, sensor, sensors, fairy lights, led strip, "
        "projector, soundbar, hot tub, electric blanket, lightbulb, lite, lites, thermostats, iron, mower, dimmer, "
        "towel rail, immersion"
    ),
    "deviceverb": (
        "turn on, turn off, switch on, switch off, dim, brighten, unlock, lock, illuminate, activate, deactivate, "
        "power, shut off, put on, close, open, raise, lower, unplug, preheat, vacuum, mop, darken, lighten, shut, "
        "warmer, cooler, brighter, darker, brightness, crank, toggle, arm, disarm"
    ),
    "colour": (
        "red, blue, green, yellow, purple, pink, white, violet, turquoise, amber, magenta, crimson, teal, lavender, "
        "indigo, warm white, color, colour, colors, colours, hue"
    ),
    "food": (
        "chicken, beef, pork, lamb, turkey breast, salmon, tuna, shrimp, prawns, fish, steak, bacon, ham, sausage, "
        "sausages, egg, eggs, milk, cheese, butter, yogurt, yoghurt, cream, bread, toast, bagel, rice, pasta, "
        "spaghetti, lasagna, lasagne, noodles, pizza, burger, burgers, fries, salad, soup, stew, curry, chili, taco, "
        "tacos, burrito, sushi, ramen, risotto, paella, dumplings, pancakes, pancake, waffles, cake, cakes, pie, "
        "cookies, cookie, brownies, muffins, muffin, ice cream, chocolate, sugar, flour, honey, salt, pepper, "
        "garlic, onion, onions, potato, potatoes, tomato, tomatoes, carrot, carrots, broccoli, spinach, lettuce, "
        "cucumber, avocado, mushrooms, beans, lentils, chickpeas, tofu, apple pie, apples, banana, bananas, "
        "orange juice, strawberries, blueberries, mango, pineapple, lemon, lime, grapes, peanut butter, almonds, "
        "walnuts, nuts, oats, oatmeal, cereal, granola, tea, juice, smoothie, wine, beer, omelette, omelet, quiche, "
        "casserole, meatballs, meatloaf, sauce, gravy, mayo, mayonnaise, ketchup, mustard, vinegar, olive oil, oil, "
        "cinnamon, paprika, cumin, basil, oregano, ginger, vanilla, yeast, baking soda, baking powder, cornstarch, "
        "buttermilk, sour cream, parmesan, mozzarella, cheddar, feta, hummus, guacamole, salsa, falafel, kebab, "
        "goulash, pho, pad thai, enchiladas, quinoa, couscous, cauliflower, zucchini, courgette, eggplant, "
        "aubergine, asparagus, corn, peas, cabbage, kale, beetroot, pumpkin, squash, sweet potato, dough, sourdough, "
        "scones, cheesecake, tiramisu, custard, pudding, popcorn, chips, crackers, leftovers, turkey, duck, crab, "
        "lobster, scallops, mussels, clams, tempeh, gnocchi, ravioli, pesto, roast, ribs, brisket, margarine, syrup, "
        "jam, jelly, coconut milk, shallots, leeks, celery, croissants, donuts, doughnuts, hot dog"
    ),
    "foodword": (
        "recipe, recipes, cook, cooking, bake, baking, boil, boiled, fry, grill, grilled, roast, simmer, steam, "
        "microwave, ingredient, ingredients, substitute, substitution, calories, calorie, nutrition, nutritional, "
        "protein, carbs, carbohydrates, fiber, fibre, vitamins, healthy, gluten, vegan, vegetarian, dish, dishes, "
        "meal, meals, cuisine, eat, eating, serve, marinate, defrost, thaw, spoil, expire, shelf life, go bad, "
        "go off, tablespoon, teaspoon, cups, spice, spices, seasoning, dessert, breakfast, lunch, dinner, supper, "
        "snack, snacks, side dish, appetizer, rotten, marinade, medium rare, al dente, kcal, saturated, sodium, "
        "cholesterol, keto"
    ),
    "placeword": (
        "restaurant, restaurants, cafe, cafes, bar, bars, pub, pubs, diner, bistro, pizzeria, steakhouse, bakery, "
        "museum, museums, park, parks, sights, sightseeing, attractions, landmarks, hotel, hotels, hostel, hostels, "
        "lodge, lodges, hut, huts, cabin, cabins, lodging, campsite, beach, beaches, trail, trails, hike, hikes, "
        "theatre, theater, gallery, galleries, zoo, aquarium, shops, mall, supermarket, pharmacy, store, stores, "
        "near me, nearby, around here, in town, local, nightlife, places, places to eat, festival, festivals, "
        "brunch spot, food truck, vineyard, castle, castles, cathedral, viewpoint, viewpoints, farmers market, "
        "bookshop, eatery, eateries"
    ),
    "reviewword": (
        "review, reviews, rating, ratings, rated, stars, best, recommended, recommend, recommendation, "
        "recommendations, suggest, suggestion, suggestions, popular, famous, good place, worth visiting, must see"
    ),
    "travelfact": (
        "visa, visas, passport, vaccination, vaccinations, vaccine, vaccines, shots, immunizations, travel advisory, "
        "travel advisories, travel alert, travel alerts, travel warning, adapter, adaptor, adapters, converter, "
        "voltage, malaria, embassy, customs rules, entry requirements, tipping, socket type, jabs"
    ),
    "place": (
        "london, paris, berlin, madrid, rome, milan, venice, florence, lisbon, porto, vienna, salzburg, prague, "
        "budapest, warsaw, krakow, zurich, geneva, bern, basel, lucerne, zermatt, grindelwald, interlaken, davos, "
        "munich, hamburg, cologne, frankfurt, brussels, amsterdam, rotterdam, copenhagen, stockholm, oslo, bergen, "
        "helsinki, tallinn, riga, vilnius, reykjavik, dublin, galway, edinburgh, glasgow, manchester, liverpool, "
        "leeds, bristol, oxford, cambridge, york, cardiff, belfast, athens, istanbul, ankara, cairo, marrakech, "
        "casablanca, nairobi, cape town, johannesburg, lagos, accra, dubai, abu dhabi, doha, tel aviv, jerusalem, "
        "mumbai, delhi, bangalore, kolkata, kathmandu, colombo, bangkok, phuket, hanoi, singapore, kuala lumpur, "
        "jakarta, bali, manila, hong kong, taipei, shanghai, beijing, seoul, busan, tokyo, kyoto, osaka, sydney, "
        "melbourne, brisbane, perth, auckland, wellington, honolulu, los angeles, san francisco, san diego, seattle, "
        "portland, las vegas, phoenix, denver, dallas, houston, austin, san antonio, chicago, detroit, minneapolis, "
        "cleveland, columbus, boston, new york, nyc, brooklyn, philadelphia, pittsburgh, washington, baltimore, "
        "atlanta, miami, orlando, tampa, nashville, memphis, new orleans, charlotte, raleigh, salt lake city, boise, "
        "anchorage, toronto, montreal, vancouver, calgary, ottawa, quebec, mexico city, cancun, havana, lima, cusco, "
        "bogota, medellin, quito, santiago, buenos aires, rio, sao paulo, switzerland, germany, france, italy, "
        "spain, portugal, austria, belgium, netherlands, denmark, sweden, norway, finland, iceland, ireland, "
        "england, scotland, wales, uk, britain, poland, hungary, czech republic, slovakia, slovenia, croatia, "
        "serbia, romania, bulgaria, greece, turkey, cyprus, malta, albania, montenegro, bosnia, ukraine, russia, "
        "georgia, armenia, egypt, morocco, tunisia, algeria, kenya, tanzania, uganda, ethiopia, rwanda, ghana, "
        "nigeria, senegal, south africa, namibia, botswana, zambia, madagascar, israel, jordan, lebanon, syria, "
        "iraq, iran, saudi arabia, oman, qatar, pakistan, india, nepal, bhutan, bangladesh, sri lanka, thailand, "
        "vietnam, cambodia, laos, myanmar, malaysia, indonesia, philippines, china, mongolia, japan, korea, "
        "south korea, north korea, taiwan, australia, new zealand, fiji, canada, usa, united states, america, "
        "mexico, guatemala, honduras, nicaragua, costa rica, panama, cuba, jamaica, haiti, dominican republic, "
        "puerto rico, bahamas, barbados, colombia, venezuela, ecuador, peru, bolivia, chile, argentina, uruguay, "
        "paraguay, brazil, alaska, arizona, california, colorado, florida, hawaii, idaho, illinois, iowa, kansas, "
        "kentucky, louisiana, maine, maryland, massachusetts, michigan, minnesota, montana, nebraska, nevada, ohio, "
        "oklahoma, oregon, pennsylvania, tennessee, texas, utah, vermont, virginia, wisconsin, wyoming, europe, "
        "asia, africa, antarctica, alps, rockies, himalayas, dolomites, pyrenees, andes, sahara, tuscany, bavaria, "
        "provence, cornwall, sicily, crete, town, city, village, zip code, postcode, bay area, downtown, region, "
        "coast, valley, abroad, country"
    ),
    "cuisine": (
        "italian, french, spanish, greek, turkish, indian, thai, chinese, japanese, korean, vietnamese, mexican, "
        "lebanese, moroccan, ethiopian, german, swiss, austrian, hungarian, polish, russian, portuguese, brazilian, "
        "peruvian, cuban, caribbean, american, british, swedish, danish, norwegian, mediterranean, persian, asian, "
        "tex-mex"
    ),
    "language": (
        "language, languages, english, arabic, hebrew, hindi, mandarin, cantonese, dutch, finnish, latin, urdu, "
        "swahili, tagalog, esperanto, welsh, gaelic, translate, translation, say in, dialect, accent"
    ),
    "currency": (
        "dollar, dollars, euro, euros, pound, pounds, sterling, yen, franc, francs, peso, pesos, rupee, rupees, "
        "yuan, won, krona, kroner, krone, ruble, rubles, lira, rand, real, baht, dirham, zloty, forint, shekel, usd, "
        "eur, gbp, jpy, chf, cad, aud, exchange rate, exchange rates, currency, currencies, conversion rate, "
        "bitcoin, shekels, bucks, pence"
    ),
    "stockword": (
        "stock, stocks, share price, shares, nasdaq, dow, dow jones, stock market, trading at, ticker, nikkei, "
        "market cap, ftse, dax"
    ),
    "factword": (
        "definition, define, meaning, mean, means, synonym, synonyms, antonym, antonyms, fact, facts, trivia, "
        "capital of, population, invented, inventor, discovered, discovery, founded, president, prime minister, "
        "king, queen, tallest, largest, biggest, smallest, longest, deepest, highest, oldest, fastest, born, died, "
        "wrote, author, painted, composer, history, war, planet, planets, galaxy, species, mountain, river, ocean, "
        "lake, element, wikipedia, encyclopedia, who was, explain, describe, net worth, height of, biography, "
        "etymology, monument"
    ),
    "docword": (
        "document, documents, notes, note, files, file, folder, folders, manual, handbook, contract, minutes, pdf, "
        "report, paragraph, page, pages, guide, instructions, wiki, archive, paperwork, write-up, spreadsheet, memo, "
        "draft, chapter, article, articles, scan, scans, warranty, lease, policy document, meeting notes, leaflet"
    ),
    "askverb": (
        "find, search, look up, lookup, google, look for, locate, browse, dig up, pull up, research, check, read, "
        "list, show, tell, give, scan, get"
    ),
    "createverb": (
        "add, put, create, make, schedule, book, set up, pencil, enter, insert, arrange, plan, organize, organise, "
        "block, reserve, record, jot, log, set, start, begin, mark"
    ),
    "deleteverb": (
        "cancel, delete, remove, clear, erase, scrap, drop, wipe, kill, stop, dismiss, end, silence, abort, discard, "
        "disable, unset, take off, get rid, turn off"
    ),
    "changeverb": (
        "move, change, shift, push back, push, postpone, reschedule, rescheduled, bring forward, update, edit, "
        "modify, extend, delay, swap, rename, adjust, bump, rearrange, replace"
    ),
    "memoryword": (
        "remember, memorize, memorise, forget, forgot, recall, keep in mind, told you, memory, know about me, "
        "note that, for future, don't forget, remembered, bear in mind, memories, jot down"
    ),
    "finance": (
        "bank, banking, account, accounts, balance, checking, savings, credit, debit, card, cards, visa card, "
        "mastercard, amex, loan, mortgage, payment, payments, pay, paid, transfer, deposit, withdraw, withdrawal, "
        "transaction, transactions, interest, apr, overdraft, routing number, pin, fraud, fraudulent, charge, "
        "charges, fee, fees, bill, bills, invoice, invoices, tax, taxes, w2, w-2, 401k, pension, ira, insurance, "
        "premium, deductible, salary, paycheck, payroll, budget, spending, spent, spend, rewards, cashback, points, "
        "atm, check, checks, checkbook, cheque, refund, credit score, credit limit, direct deposit, billing, iban, "
        "owe, income, chequing, statement, statements, wire, venmo, paypal, money, cash"
    ),
    "travelbook": (
        "flight, flights, airline, airlines, airport, plane, train, trains, bus, buses, taxi, cab, uber, lyft, "
        "ticket, tickets, luggage, suitcase, baggage, boarding, gate number, layover, rental car, car rental, "
        "rent a car, ferry, cruise, airbnb, check-in, seat, seats, reservation, reservations, round trip, one way, "
        "commute, traffic, route, directions, drive, driving, navigate, map, gps, subway, metro, tram, departure, "
        "depart, itinerary number, carry on, economy, upgrade, delayed, departs, train station, bus stop, parking, "
        "highway, detour, ride, miles"
    ),
    "carword": (
        "car, tire, tires, tyre, tyres, oil, engine, gas, gasoline, petrol, diesel, fuel, mileage, mpg, brakes, "
        "brake, battery, windshield, mechanic, garage appointment, oil change, tune up, tyre pressure, "
        "tire pressure, truck, vehicle, motorcycle, spark plugs, coolant, odometer, registration, license plate, "
        "dashboard, clutch"
    ),
    "media": (
        "song, songs, music, playlist, playlists, album, track, band, artist, singer, spotify, radio, podcast, "
        "podcasts, audiobook, audiobooks, movie, movies, film, films, netflix, youtube, episode, series, "
        "show me a movie, volume, louder, quieter, mute, unmute, play, pause, resume, skip, shuffle, next song, "
        "jazz, rock, hip hop, classical, pop, guitar, piano, karaoke, lyrics, dj, concert tickets, channel, video, "
        "videos, game, games, playstation, xbox, bluetooth, headphones, speakers, speaker, tune, tunes, station, "
        "rap, blues, folk, metal"
    ),
    "commword": (
        "email, emails, e-mail, mail, mails, inbox, message, messages, text, texts, sms, whatsapp, call, calls, "
        "dial, phone, ring, voicemail, contact, contacts, send, reply, forward, tweet, twitter, facebook, instagram, "
        "post, linkedin, snapchat, tiktok, telegram, slack, fax, phone number, hashtag, status update, retweet, "
        "skype, zoom link"
    ),
    "listword": (
        "list, lists, shopping list, grocery list, groceries, to do, todo, to-do, to do list, todo list, checklist, "
        "wishlist, wish list, tasks, packing list, bucket list, chores"
    ),
    "shopword": (
        "order, orders, buy, purchase, purchased, shop, shopping, amazon, ebay, delivery, delivered, shipping, "
        "package, parcel, tracking, return policy, price, prices, cost, costs, cheap, cheapest, expensive, discount, "
        "coupon, sale, takeaway, takeout, take out, deliver, cart, checkout, walmart, ikea, costco, in stock, "
        "shipment"
    ),
    "workword": (
        "pto, vacation days, days off, sick leave, sick day, holiday allowance, hr, human resources, payslip, "
        "employer, coworker, colleague, manager, boss, resume, cv, cover letter, job, jobs, career, promotion, "
        "raise, overtime, timesheet, expense, expenses, reimbursement, benefits, w4, onboarding, resign, intern, "
        "homework, essay, exam, university, college, school, tuition, degree, professor"
    ),
    "healthword": (
        "doctor, pain, headache, fever, cough, symptoms, medicine, medication, pills, prescription, dose, ibuprofen, "
        "aspirin, blood pressure, pregnant, injury, allergy, allergies, rash, sick, flu, covid, diet, exercise, "
        "workout, steps, sleep, anxiety, depression, therapist, hospital, ambulance, bleeding, heart rate, weight"
    ),
    "techword": (
        "computer, laptop, wifi, wi-fi, internet, router, password, passwords, app, apps, software, website, "
        "browser, iphone, android, screenshot, printer, cpu, ram, gpu, keyboard, mouse, code, python, javascript, "
        "java, sql, function, algorithm, server, linux, windows, mac, update the app, install, download, bug, crash, "
        "regex, excel, api, database, css, html, git, docker, usb, hard drive, backup, login, firmware, pixel"
    ),
    "sportword": (
        "football, soccer, basketball, baseball, tennis, hockey, golf, cricket, rugby, nba, nfl, mlb, nhl, score, "
        "scores, team, league, playoffs, super bowl, world cup, champion, coach, quarterback, goal, goals, "
        "touchdown, olympics, marathon, formula one, premier league, standings"
    ),
    "animal": (
        "dog, dogs, puppy, puppies, cat, cats, kitten, kittens, horse, horses, cow, cows, pig, pigs, goat, goats, "
        "sheep, rabbit, hamster, hamsters, parrot, parrots, goose, geese, ducks, hen, hens, bird, birds, owl, owls, "
        "snake, snakes, lizard, spider, spiders, ant, ants, bee, bees, wasp, wasps, mosquito, mosquitoes, mouse, mice, "
        "rat, rats, squirrel, squirrels, fox, foxes, wolf, wolves, bear, bears, lion, lions, tiger, tigers, elephant, "
        "elephants, monkey, monkeys, shark, sharks, whale, whales, dolphin, dolphins, frog, frogs, turtle, turtles, "
        "goldfish, pet, pets, breed, breeds"
    ),
    "playword": (
        "poker, blackjack, chess, checkers, bingo, dice, cards, quiz, hangman, riddle, trivia night, console, "
        "level, boss, player, players, cheat, puzzle, sudoku, crossword, casino, bet, lottery, joker, ace, aces, dealer"
    ),
    "lawword": (
        "legal, illegal, law, laws, sue, court, judge, police, permit, licence, license, crime, jail, divorce, "
        "custody, landlord, tenant, lawsuit, fine, rights, contract law, attorney, visa status, "
        "citizenship, immigration, vote, voting, congress, senate, government, mayor, parliament"
    ),
    "peopleword": (
        "boyfriend, girlfriend, husband, wife, ex, marriage, dating, date idea, relationship, breakup, crush, flirt, "
        "friend, friends, neighbour, neighbor, roommate, in-laws, teenager, toddler, baby, kid, divorce"
    ),
    "fixword": (
        "fix, repair, broken, leaking, leak, clogged, unclog, drill, screw, screws, hammer, nail, nails, paint, sand, "
        "plumbing, faucet, tap, toilet, drain, mould, mold, stain, stains, rust, glue, fence, gutter, gutters, shelf, "
        "lawn, mow, weeds, prune, fertiliser, insulation, tiles, grout"
    ),
    "newsword": "news, headline, headlines, election, politics, breaking news, newspaper, bbc, cnn, current affairs",
    "mathword": (
        "plus, minus, times, divided, multiply, multiplied, square root, percent, percentage, equation, solve, "
        "integral, derivative, sum, calculate, calculator, equals, fraction, decimal, algebra, cubed, squared, "
        "convert, inches, feet, meters, metres, centimeters, kilometers, kilograms, kg, ounces, liters, gallons, "
        "grams, yards, pint"
    ),
    "smalltalk": (
        "hello, hi, hey, hiya, howdy, greetings, bye, goodbye, thanks, thank, cheers, sorry, please, welcome, joke, "
        "jokes, funny, laugh, bored, lonely, love you, marry, hobbies, favorite, favourite, robot, human, bot, ai, "
        "feel, feeling, opinion, poem, story, riddle, sing, nice to meet, how are you, your name, meaning of life, "
        "awesome, great job, stupid, smart, alive, siri, alexa, chatbot, real person, who made you, pets, "
        "good morning"
    ),
    "assistantset": (
        "whisper, voice, speak, talk, language setting, slower, faster, accent, settings, reset, repeat, wake word, "
        "factory, call me, nickname, male voice, female voice, mode, louder voice, pronounce, spell"
    ),
    "person": (
        "john, mary, anna, peter, lisa, tom, sarah, mike, emma, david, laura, mark, sophie, james, julia, paul, "
        "kate, alex, sam, ben, nina, lucas, maria, george, carol, steve, linda, bob, alice, jane, jack, oliver, "
        "amelia, priya, ahmed, chen, yuki, carlos, ingrid, hans, marta, mum, mom, dad, mother, father, sister, "
        "brother, wife, husband, grandma, grandpa, aunt, uncle, cousin, boyfriend, girlfriend, son, daughter, kids, "
        "parents, roommate, neighbour, neighbor, landlord, client, clients, accountant, lawyer, babysitter, nanny, "
        "plumber, tim, joe, karen"
    ),
}


@lru_cache(maxsize=1)
def word_classes() -> Mapping[str, tuple[str, ...]]:
    """Every listed word (or pair of words, joined by a space) with its classes, the one that stands in first."""
    found: dict[str, list[str]] = {}
    for name, words in CLASSES.items():
        for word in words.split(", "):
            classes = found.setdefault(word, [])
            if name not in classes:
                classes.append(name)
    return {word: tuple(classes) for word, classes in found.items()}
